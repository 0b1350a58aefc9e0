using System.Globalization;
using System.Text;

namespace Verso.Linux.Guests;

/// <summary>
/// Writes the archive that the kernel unpacks as its first root: cpio "newc"
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
/// </summary>
/// <remarks>
/// <code>
///   "070701"  13 fields of 8 hexadecimal digits  name, 0  | to 4 bytes |  contents  | to 4 bytes |
///   ...
///   "070701"  ...  "TRAILER!!!", 0
/// </code>
/// Directories come before what is in them: the kernel makes none by itself.
/// </remarks>
public sealed class CpioWriter : IDisposable
{
    private const uint Directory = 0x4000;
    private const uint Regular = 0x8000;
    private const uint Executable = 0x1ed; // 0755: the same for all, nobody but root lives there
    private const int Alignment = 4;

    private readonly Stream _output;
    private readonly HashSet<string> _known = [];
    private long _written;
    private uint _inode;

    /// <param name="output">Where the archive goes; is closed with this.</param>
    public CpioWriter(Stream output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
    }

    /// <summary>A directory, and those above it, unless they are there.</summary>
    /// <param name="path">Without a slash at its beginning.</param>
    public void AddDirectory(string path)
    {
        if (path.Length == 0 || !_known.Add(path))
        {
            return;
        }

        AddDirectory(System.IO.Path.GetDirectoryName(path) ?? "");
        WriteHeader(path, Directory | Executable, 0);
    }

    /// <summary>A file with what is in a file here. The second of one path is left out.</summary>
    public void AddFile(string path, string source) => Add(path, () => File.OpenRead(source));

    /// <inheritdoc cref="AddFile(string, string)"/>
    public void AddFile(string path, byte[] contents) => Add(path, () => new MemoryStream(contents));

    /// <summary>Writes the end.</summary>
    public void Dispose()
    {
        WriteHeader("TRAILER!!!", 0, 0);
        _output.Dispose();
    }

    private void Add(string path, Func<Stream> open)
    {
        AddDirectory(System.IO.Path.GetDirectoryName(path) ?? "");
        if (!_known.Add(path))
        {
            return;
        }

        using var contents = open();
        if (contents.Length > uint.MaxValue)
        {
            throw new IOException($"{path} is too large for an initramfs");
        }

        WriteHeader(path, Regular | Executable, (uint)contents.Length);
        contents.CopyTo(_output);
        _written += contents.Length;
        Pad();
    }

    private void WriteHeader(string name, uint mode, uint bytes)
    {
        var path = Encoding.UTF8.GetBytes(name + '\0');
        var links = (mode & Directory) != 0 ? 2u : 1u;

        // Inode, mode, uid, gid, links, mtime, size, 2 of the device, 2 of a device node, name, no checksum.
        uint[] fields = [++_inode, mode, 0, 0, links, 0, bytes, 0, 0, 0, 0, (uint)path.Length, 0];
        var header = new StringBuilder("070701");
        foreach (var field in fields)
        {
            header.Append(field.ToString("x8", CultureInfo.InvariantCulture));
        }

        _output.Write(Encoding.ASCII.GetBytes(header.ToString()));
        _output.Write(path);
        _written += header.Length + path.Length;
        Pad();
    }

    private void Pad()
    {
        for (; _written % Alignment != 0; _written++)
        {
            _output.WriteByte(0);
        }
    }
}
