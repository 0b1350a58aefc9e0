using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Linux;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Comparison;

/// <summary>
/// A trace as a command names it: a file, or <c>-</c> for standard input; where a command takes them, a snapshot, a
/// scenario, or the document of a comparison. Several replays read it, each for itself; so standard input and pipes are
/// first copied to a temporary file, which goes when this is disposed.
/// </summary>
public sealed class TraceInput : IDisposable
{
    /// <summary>The name of standard input and output.</summary>
    public const string Standard = InputException.Standard;

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

        using Stream input = name == Standard ? DescriptorStream.Input : OpenFile(name);

        // A device can be sought in too, and has no length.
        if (input.CanSeek && input.Length > 0)
        {
            return new TraceInput(name, name, isTemporary: false);
        }

        string path = Path.GetTempFileName();
        try
        {
            using FileStream copy = File.Create(path);
            if (ScenarioFiles.IsNamedSo(name))
            {
                TraceCopy.CopyText(input, copy);
            }
            else
            {
                TraceCopy.Copy(input, copy);
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            // So says .NET of EFBIG.
            File.Delete(path);
            throw new IOException($"{path}: File too large");
        }
        catch
        {
            File.Delete(path);
            throw;
        }

        return new TraceInput(name, path, isTemporary: true);
    }

    /// <summary>Says what a recorder that was killed left, where that is all there is.</summary>
    private static FileStream OpenFile(string name)
    {
        try
        {
            return File.OpenRead(name);
        }
        catch (FileNotFoundException) when (File.Exists(name + OutputFile.Suffix))
        {
            throw new FileNotFoundException(
                $"'{name}' does not exist; an unfinished recording left '{name}{OutputFile.Suffix}'");
        }
    }

    /// <summary>
    /// Hands a reader of its own, and the stream below it, whose position tells how far it is, to a function.
    /// </summary>
    /// <exception cref="InputException">
    /// It is no trace, or a damaged one, or a machine would need more memory for it than it may.
    /// </exception>
    public T Read<T>(Func<TraceReader, Stream, T> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        try
        {
            using TraceReader reader = OpenReader(out Stream position);
            return use(reader, position);
        }
        catch (Exception problem) when (problem is TraceFormatException or MemoryLimitException)
        {
            throw new InputException(Name, problem);
        }
    }

    /// <summary>Plays it, a trace or a scenario, up to an event or a step, and looks at the machine then.</summary>
    /// <param name="position">The event or step, from 1.</param>
    /// <param name="options">How it is played.</param>
    /// <param name="look">Looks.</param>
    /// <param name="cancellation">Ends it.</param>
    internal T PlayTo<T>(long position, ReplayOptions options, Func<IPlayer, T> look, CancellationToken cancellation)
    {
        return IsScenario
            ? Look(ScenarioReplay.Begin(ReadScenario(), options, cancellation))
            : Read((reader, _) => Look(TraceReplay.Begin(reader, options, cancellation)));

        T Look(IPlayer player)
        {
            while (player.Position < position && player.Next())
            {
                cancellation.ThrowIfCancellationRequested();
            }

            return look(player);
        }
    }

    /// <summary>Whether it begins as a snapshot does, and not as a trace.</summary>
    public bool IsSnapshot
    {
        get
        {
            using FileStream file = File.OpenRead(_path);
            return SnapshotFile.IsOne(file);
        }
    }

    /// <summary>Whether it begins as a JSON document does: what a command has printed with <c>-j</c>.</summary>
    public bool IsDocument
    {
        get
        {
            using FileStream file = File.OpenRead(_path);
            return file.ReadByte() == '{';
        }
    }

    /// <summary>Hands its bytes to a reader that knows more of them.</summary>
    /// <param name="read">Takes its name, and them.</param>
    public T Read<T>(Func<string, Stream, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        using FileStream file = File.OpenRead(_path);
        return read(Name, file);
    }

    /// <summary>Whether it is a scenario: those are text, and by that name.</summary>
    public bool IsScenario => ScenarioFiles.IsNamedSo(Name);

    /// <summary>Reads it as a scenario.</summary>
    /// <exception cref="InputException">It is none.</exception>
    public Scenario ReadScenario() => ScenarioFiles.Read(Name, _path);

    /// <summary>Reads it as a snapshot.</summary>
    /// <exception cref="InputException">It is none, or a damaged one.</exception>
    public Snapshot ReadSnapshot()
    {
        using FileStream file = File.OpenRead(_path);
        return ReadSnapshot(Name, file);
    }

    /// <summary>Reads a snapshot.</summary>
    /// <param name="name">As a command names it.</param>
    /// <param name="stream">It.</param>
    /// <exception cref="InputException">It is none, or a damaged one.</exception>
    public static Snapshot ReadSnapshot(string name, Stream stream)
    {
        try
        {
            return SnapshotFile.Read(stream);
        }
        catch (SnapshotFormatException problem)
        {
            throw new InputException(name, problem);
        }
    }

    /// <summary>SHA-256 of the whole file, in lower-case hex.</summary>
    public string Hash()
    {
        RequireHashes();
        using FileStream file = File.OpenRead(_path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    // .NET has its hashes from OpenSSL, and ends the process where too few files or too little memory are left for it.
    private static void RequireHashes()
    {
        if (!NativeLibrary.TryLoad("libssl.so.3", out _) && !NativeLibrary.TryLoad("libssl.so.1.1", out _))
        {
            throw new IOException("libssl cannot be loaded: apt install libssl3, or raise the limits (ulimit -a)");
        }
    }

    public void Dispose()
    {
        if (_isTemporary)
        {
            File.Delete(_path);
        }
    }

    /// <summary>A reader of its own, and the stream below it.</summary>
    internal TraceReader OpenReader(out Stream position)
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
