using System.Security.Cryptography;
using Verso.Linux;
using Verso.Traces;

namespace Verso.Lab.Comparison;

/// <summary>
/// A trace as a command names it: a file, or <c>-</c> for standard input. Several replays read it, each for itself;
/// so standard input and pipes are first copied to a temporary file, which goes when this is disposed.
/// </summary>
public sealed class TraceInput : IDisposable
{
    /// <summary>The name of standard input and output.</summary>
    public const string Standard = "-";

    private readonly string _path;
    private readonly bool _isTemporary;

    private TraceInput(string name, string path, bool isTemporary)
    {
        Name = name;
        _path = path;
        _isTemporary = isTemporary;
        LengthBytes = new FileInfo(path).Length;
    }

    /// <summary>As the user gave it.</summary>
    public string Name { get; }

    public long LengthBytes { get; }

    /// <summary>Finds the file, or takes standard input.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static TraceInput Open(string name)
    {
        if (Directory.Exists(name))
        {
            throw new IOException($"'{name}' is a directory");
        }

        using Stream input = name == Standard ? DescriptorStream.Input : File.OpenRead(name);
        if (input.CanSeek)
        {
            return new TraceInput(name, name, isTemporary: false);
        }

        string path = Path.GetTempFileName();
        try
        {
            using FileStream copy = File.Create(path);
            input.CopyTo(copy);
        }
        catch
        {
            File.Delete(path);
            throw;
        }

        return new TraceInput(name, path, isTemporary: true);
    }

    /// <summary>
    /// Hands a reader of its own, and the stream below it, whose position tells how far it is, to a function.
    /// </summary>
    /// <exception cref="InputException">It is no trace, or a damaged one.</exception>
    public T Read<T>(Func<TraceReader, Stream, T> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        try
        {
            using TraceReader reader = OpenReader(out Stream position);
            return use(reader, position);
        }
        catch (TraceFormatException damaged)
        {
            throw new InputException(Name, damaged);
        }
    }

    /// <summary>SHA-256 of the whole file, in lower-case hex.</summary>
    public string Hash()
    {
        using FileStream file = File.OpenRead(_path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    public void Dispose()
    {
        if (_isTemporary)
        {
            File.Delete(_path);
        }
    }

    private TraceReader OpenReader(out Stream position)
    {
        FileStream file = new(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);
        try
        {
            position = file;
            return TraceReader.Open(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
