using System.Text;
using Verso.Engine;

namespace Verso.Traces.Importers;

/// <summary>
/// The open files of a text. Where it shows the opening, each is its own; else there is one for each path; else,
/// without paths, one begins with each mapping that does not continue an earlier one.
/// </summary>
internal sealed class ImportedFiles(EventOutlet outlet, ImportTally tally)
{
    /// <summary>The device of inodes that are made up from paths: major 4095, which no driver has.</summary>
    public const ulong PseudoDevice = 4095UL << 20;

    private const ulong FnvPrime = 0x100000001b3;
    private const ulong FnvBasis = 0xcbf29ce484222325;
    private const string Deleted = " (deleted)";

    private readonly Dictionary<string, ImportedFile> _byPath = [];
    private readonly Dictionary<(ulong Device, ulong Inode), ImportedFile> _byInode = [];
    private readonly Dictionary<long, ImportedFile> _segments = [];
    private int _lastId;
    private int _unnamed;

    /// <summary>A file that the text shows being opened.</summary>
    public static ImportedFile Open(string path, FileModes modes) => Create(path, HashOf(path), modes);

    /// <summary>memfd_create: an inode of its own, whatever its name.</summary>
    public ImportedFile CreateMemory(string path) =>
        Create(path, HashOf($"{path}#{++_unnamed}"), FileModes.Read | FileModes.Write);

    /// <summary>The file behind a path whose opening the text does not show.</summary>
    public ImportedFile OfPath(string path)
    {
        if (!_byPath.TryGetValue(path, out ImportedFile? file))
        {
            file = Open(path, FileModes.Read | FileModes.Write);
            _byPath.Add(path, file);
        }

        return file;
    }

    /// <summary>The file with a known inode.</summary>
    public ImportedFile OfInode(ulong device, ulong inode, string path)
    {
        if (!_byInode.TryGetValue((device, inode), out ImportedFile? file))
        {
            file = new ImportedFile { Path = path, Kind = KindOf(path), Device = device, Inode = inode };
            _byInode.Add((device, inode), file);
        }

        return file;
    }

    /// <summary>
    /// The file behind a descriptor without a path. If nobody saw it being opened, a mapping that begins at offset 0
    /// where the kernel chose begins a new file: a loader maps a whole object first, then its segments over it.
    /// </summary>
    public ImportedFile OfDescriptor(ImportedTask task, int descriptor, in TraceEvent mmap)
    {
        bool begins = mmap.Arg5 == 0 && ((MapFlags)mmap.Arg3 & MapFlags.Fixed) == 0;
        if (task.Files.Find(descriptor) is ImportedFile known && (known.Path.Length > 0 || !begins))
        {
            return known;
        }

        tally.Assumptions++;
        ImportedFile file = new()
        {
            Path = "",
            Kind = FileKind.Regular,
            Device = PseudoDevice,
            Inode = HashOf($"#{++_unnamed}"),
        };
        task.Files.Set(descriptor, file);
        return file;
    }

    /// <summary>shmget has named a segment.</summary>
    public void DefineSegment(long id, ulong sizeBytes)
    {
        if (!_segments.TryGetValue(id, out ImportedFile? known) || known.SizeBytes < sizeBytes)
        {
            _segments[id] = Segment(id, sizeBytes);
        }
    }

    /// <summary>The segment behind an id; of one page if its shmget is not in the text.</summary>
    public ImportedFile OfSegment(long id)
    {
        if (!_segments.TryGetValue(id, out ImportedFile? file))
        {
            tally.Assumptions++;
            file = Segment(id, Page.Size);
            _segments.Add(id, file);
        }

        return file;
    }

    /// <summary>The id of a file that is being mapped; its definition is written if this is the first time.</summary>
    public FileId Map(ImportedFile file, ImportedTask task)
    {
        if (file.Id.IsNone)
        {
            file.Id = new FileId(++_lastId);
            outlet.Write(new TraceEvent
            {
                Kind = TraceEventKind.FileDefined,
                Task = task.Tid,
                Mm = task.Mm,
                Payload = new FileIdentity(
                    file.Id, file.Kind, file.Device, file.Inode, file.SizeBytes, file.Path, file.Modes),
            });
        }

        return file.Id;
    }

    private static ImportedFile Create(string path, ulong inode, FileModes modes) => new()
    {
        Path = path,
        Kind = KindOf(path),
        Device = PseudoDevice,
        Inode = inode,
        Modes = modes,
    };

    private static ImportedFile Segment(long id, ulong sizeBytes) => new()
    {
        Path = $"/SYSV (id {id})",
        Kind = FileKind.SharedMemory,
        Device = PseudoDevice + 1,
        Inode = (ulong)id,
        SizeBytes = sizeBytes,
    };

    private static FileKind KindOf(string path) => path switch
    {
        "/dev/zero" => FileKind.Zero,
        "/dev/zero" + Deleted => FileKind.SharedMemory,
        _ when path.StartsWith("/dev/shm/", StringComparison.Ordinal) => FileKind.SharedMemory,
        _ when path.StartsWith("/memfd:", StringComparison.Ordinal) => FileKind.SharedMemory,
        _ when path.StartsWith("/SYSV", StringComparison.Ordinal) => FileKind.SharedMemory,
        _ when path.StartsWith("/anon_hugepage", StringComparison.Ordinal) => FileKind.HugeTlb,
        _ when path.StartsWith("/dev/hugepages/", StringComparison.Ordinal) => FileKind.HugeTlb,
        _ when path.StartsWith("/dev/", StringComparison.Ordinal) => FileKind.Device,
        _ => FileKind.Regular,
    };

    /// <summary>FNV-1a of the path: the same in every import, so that two traces name a file alike.</summary>
    private static ulong HashOf(string path)
    {
        string name = path.EndsWith(Deleted, StringComparison.Ordinal) ? path[..^Deleted.Length] : path;
        ulong hash = FnvBasis;
        foreach (byte value in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ value) * FnvPrime;
        }

        return hash;
    }
}
