using System.Text;
using Microsoft.Win32.SafeHandles;
using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>What becomes of a file that was begun and did not become whole.</summary>
public enum Leftover
{
    /// <summary>It is deleted: making it anew takes a moment.</summary>
    Deleted = 0,

    /// <summary>It stays, as PATH.partial: it cannot be had again.</summary>
    Kept = 1,
}

/// <summary>
/// A file that is written under another name, PATH.partial, and takes the place of the old one when it is whole: then
/// it is on the disk, and renamed. A crash leaves the old one as it was.
/// </summary>
/// <remarks>
/// Devices, pipes and what /proc/PID/fd names are written as they are; so is a file whose directory takes no new one. A
/// symbolic link stays one: the file it names is replaced. The new file has the mode and the owner of the old one.
/// </remarks>
public sealed class OutputFile : IDisposable
{
    /// <summary>What stands behind the name of a file that is not whole.</summary>
    public const string Suffix = ".partial";

    private const int BufferBytes = 1 << 16;
    private const int LongestChain = 40;

    private readonly string _path;
    private readonly string? _partial;
    private readonly SafeFileHandle _handle;
    private Leftover _leftover;
    private bool _isWhole;

    private OutputFile(string path, string? partial, Leftover leftover)
    {
        _path = path;
        _partial = partial;
        _leftover = leftover;
        SetAside = partial is not null && leftover == Leftover.Kept ? MakeRoom(partial) : null;
        _handle = File.OpenHandle(partial ?? path, FileMode.Create, FileAccess.Write, FileShare.Read);
        DescriptorStream raw = new((int)_handle.DangerousGetHandle(), partial ?? path, FileAccess.Write);
        Stream = new BufferedStream(raw, BufferBytes);
    }

    /// <summary>Where to write; nothing need dispose it.</summary>
    public Stream Stream { get; }

    /// <summary>Where it is until it is whole; null if it is written in place.</summary>
    public string? PartialPath => _partial;

    /// <summary>
    /// Where what an earlier process left of the same file is now, if it was killed and <see cref="Leftover.Kept"/>
    /// said so; null if there was none.
    /// </summary>
    public string? SetAside { get; }

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it will be.</param>
    /// <param name="leftover">What becomes of it if <see cref="Complete"/> is never called.</param>
    /// <exception cref="IOException">It cannot be made, or another process is making it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static OutputFile Create(string path, Leftover leftover)
    {
        ArgumentNullException.ThrowIfNull(path);
        var target = Follow(path);
        if (IsReplaceable(target))
        {
            var partial = target + Suffix;
            RequireUnused(partial);
            try
            {
                return new OutputFile(target, partial, leftover);
            }
            catch (Exception refused) when (refused is UnauthorizedAccessException or PathTooLongException
                or DirectoryNotFoundException)
            {
                // In place then; where that cannot be done either, its message has the right name.
            }
        }

        return new OutputFile(path, null, leftover);
    }

    /// <summary>
    /// Writes a whole file. Throws what <see cref="Create"/> throws, and what <paramref name="write"/> does.
    /// </summary>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var file = Create(path, Leftover.Deleted);
        write(file.Stream);
        file.Complete();
    }

    /// <summary>The same of a text, in UTF-8.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>It is whole: puts it in its place. Throws <see cref="IOException"/>.</summary>
    public void Complete()
    {
        Stream.Flush();
        if (_partial is not null)
        {
            RandomAccess.FlushToDisk(_handle);
            TakeModeOfOld(_partial);
            File.Move(_partial, _path, overwrite: true);
        }

        _isWhole = true;
    }

    /// <summary>Nothing of it is worth keeping.</summary>
    public void Discard() => _leftover = Leftover.Deleted;

    public void Dispose()
    {
        if (!_isWhole && _leftover == Leftover.Deleted && _partial is not null)
        {
            File.Delete(_partial);
        }
        else if (!_isWhole)
        {
            FlushWhatCanBe();
        }

        _handle.Dispose();
    }

    private void FlushWhatCanBe()
    {
        try
        {
            Stream.Flush();
        }
        catch (IOException)
        {
            // Why it is not whole has been said.
        }
    }

    /// <summary>The file at the end of symbolic links, which need not be there.</summary>
    private static string Follow(string path)
    {
        var at = path;
        for (var links = 0; links < LongestChain; links++)
        {
            if (new FileInfo(at).LinkTarget is not string next)
            {
                return at;
            }

            at = Path.Combine(Path.GetDirectoryName(at) ?? "", next);
        }

        return path;
    }

    /// <summary>Whether it is a file of a directory, or nothing yet.</summary>
    private static bool IsReplaceable(string path) =>
        !Path.GetFullPath(path).StartsWith("/proc/", StringComparison.Ordinal) && (Libc.IsRegularFile(path) ?? true);

    /// <summary>Nobody writes it now: who does has it open, and locked as .NET does.</summary>
    private static void RequireUnused(string partial)
    {
        try
        {
            if (File.Exists(partial))
            {
                new FileStream(partial, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            }
        }
        catch (UnauthorizedAccessException)
        {
            // To be said when it is opened to write.
        }
        catch (IOException used) when (used is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new IOException($"'{partial}' is being written by another process", used);
        }
    }

    private static string? MakeRoom(string partial)
    {
        if (new FileInfo(partial) is not { Exists: true, Length: > 0 })
        {
            return null;
        }

        for (var number = 1; ; number++)
        {
            var free = $"{partial}.{number}";
            if (!Path.Exists(free))
            {
                File.Move(partial, free);
                return free;
            }
        }
    }

    private unsafe void TakeModeOfOld(string partial)
    {
        var status = stackalloc ulong[18];
        if (OperatingSystem.IsWindows() || Libc.Stat(_path, status) != 0)
        {
            return;
        }

        // Who may not give a file away keeps it.
        _ = Libc.ChangeOwner(partial, (uint)(status[3] >> 32), (uint)status[4]);
        File.SetUnixFileMode(partial, (UnixFileMode)(status[3] & 0x1ff));
    }
}
