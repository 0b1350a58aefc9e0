using System.Diagnostics;
using Verso.Linux.Graph;

namespace Verso.Engine.Tests.Live;

/// <summary>The puppet's program and the files it has open, in a directory of their own.</summary>
internal sealed class PuppetFiles : IDisposable
{
    /// <summary>Descriptors of the puppet, from here on: those of <see cref="Opened"/> in order.</summary>
    public const int FirstDescriptor = 10;

    /// <summary>Bytes of the large files and of the small one, which ends within a page.</summary>
    public const ulong LargeBytes = 4 << 20;
    public const ulong SmallBytes = 10000;

    /// <summary>Bytes of the System V segment: not whole pages.</summary>
    public const ulong SegmentBytes = 9000;

    private readonly string _directory = Directory.CreateTempSubdirectory("verso-live-").FullName;
    private readonly string _shared = $"/dev/shm/verso-live-{Environment.ProcessId}-{Guid.NewGuid():n}";

    public PuppetFiles(ulong memlockLimitBytes = ulong.MaxValue)
    {
        MemlockLimitBytes = memlockLimitBytes;
        Program = Path.Combine(_directory, "puppet");
        string source = Path.Combine(AppContext.BaseDirectory, "Live", "puppet.c");
        using Process compiler = Process.Start("cc", ["-static", "-O1", "-o", Program, source]);
        compiler.WaitForExit();
        if (compiler.ExitCode != 0)
        {
            throw new InvalidOperationException("cc could not compile puppet.c");
        }

        WithoutGraph = GraphReader.Unavailable() ?? "";
        Graph = WithoutGraph.Length == 0 ? GraphReader.Open() : null;
        Create(Large, LargeBytes);
        Create(Small, SmallBytes);
        Create(_shared, LargeBytes);
    }

    public string Program { get; }

    /// <summary>RLIMIT_MEMLOCK of a puppet without CAP_IPC_LOCK; ulong.MaxValue: it has that capability.</summary>
    public ulong MemlockLimitBytes { get; }

    /// <summary>The window on the kernel's anon_vma graph, or null.</summary>
    public GraphReader? Graph { get; }

    /// <summary>What the pages of the puppets hold.</summary>
    public PageReader Pages { get; } = PageReader.Open();

    /// <summary>Why there is no graph; empty where there is one.</summary>
    public string WithoutGraph { get; }

    /// <summary>
    /// Whether the file system places large mappings of files at huge pages (thp_get_unmapped_area), as the engine
    /// does for regular files: overlayfs and tmpfs do not.
    /// </summary>
    public bool IsPlacedAtHugePages
    {
        get
        {
            try
            {
                return new DriveInfo(_directory).DriveFormat is "ext2" or "ext3" or "ext4" or "xfs" or "btrfs";
            }
            catch (DriveNotFoundException)
            {
                // In a chroot mounts have other names.
                return false;
            }
        }
    }

    /// <summary>What is opened: path, how, and what the engine should take it for.</summary>
    public IReadOnlyList<(string Path, FileModes Modes, FileKind Kind, ulong Inode, ulong Bytes)> Opened =>
    [
        (Large, FileModes.Read | FileModes.Write, FileKind.Regular, 1, LargeBytes),
        (Large, FileModes.Read | FileModes.Write, FileKind.Regular, 1, LargeBytes),
        (Large, FileModes.Read, FileKind.Regular, 1, LargeBytes),
        ("/dev/zero", FileModes.Read | FileModes.Write, FileKind.Zero, 2, ulong.MaxValue),
        (_shared, FileModes.Read | FileModes.Write, FileKind.SharedMemory, 3, LargeBytes),
        (Small, FileModes.Read | FileModes.Write, FileKind.Regular, 4, SmallBytes),
    ];

    /// <summary>A shell command that becomes the puppet with the files open.</summary>
    public string ExecCommand
    {
        get
        {
            int descriptor = FirstDescriptor;
            string redirections = string.Concat(Opened.Select(
                file => $" {descriptor++}{(file.Modes == FileModes.Read ? "<" : "<>")}'{file.Path}'"));
            return MemlockLimitBytes == ulong.MaxValue
                ? $"exec '{Program}'{redirections}"
                : $"ulimit -l {MemlockLimitBytes >> 10}; exec setpriv --bounding-set=-ipc_lock '{Program}'{redirections}";
        }
    }

    private string Large => Path.Combine(_directory, "large");

    private string Small => Path.Combine(_directory, "small");

    /// <summary>Why the puppet cannot be made here, or not be looked into, or null.</summary>
    public static string? Missing()
    {
        if (!HasCommand("cc"))
        {
            return "needs a C compiler";
        }

        return PageReader.Unavailable() ?? (HasCommand("setpriv") ? null : "needs setpriv");
    }

    /// <summary>Ends a test that passed as skipped, with the reason, if it could not compare the graph.</summary>
    public void SayWhatWasLeftOut() => Assert.SkipWhen(
        Graph is null, $"all but the anon_vma graph was compared, and agreed; that {WithoutGraph}");

    /// <summary>Whether there is a command of this name.</summary>
    public static bool HasCommand(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(directory => File.Exists(Path.Combine(directory, name)));

    public void Dispose()
    {
        Graph?.Dispose();
        Pages.Dispose();
        File.Delete(_shared);
        Directory.Delete(_directory, recursive: true);
    }

    private static void Create(string path, ulong bytes)
    {
        using FileStream file = File.Create(path);
        file.SetLength((long)bytes);
    }
}
