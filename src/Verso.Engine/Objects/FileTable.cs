using Verso.Engine.Frames;
using Verso.Engine.Vmas;

namespace Verso.Engine.Objects;

/// <summary>The open files of a machine and the inodes behind them.</summary>
/// <remarks>
/// <para>
/// An inode that was opened has a name: it stays, with its page cache, when nothing refers to it any more. A
/// shared-memory object made by the machine (shared anonymous memory) has none: it goes with its last reference, and
/// its pages with it.
/// </para>
/// <para>
/// The VMA operations keep the list of mappings true: <see cref="Link"/> where a VMA with a file comes into being,
/// <see cref="Unlink"/> before it goes, <see cref="Adjusting"/> before its bounds or page offset change.
/// </para>
/// </remarks>
public sealed partial class FileTable
{
    /// <summary>sizeof(struct shmem_inode_info) on 6.18.44, and of the same fields on 32 bit.</summary>
    public static KernelSize SharedMemoryInodeSize { get; } = new(752, 484);

    /// <summary>
    /// Device number of the objects that the machine itself makes: the kernel's shm_mnt has none either.
    /// </summary>
    public const ulong InternalDevice = ulong.MaxValue;

    private readonly VmaTable _vmas;
    private readonly FrameTable _frames;
    /// <summary>What an inode takes of the host's memory, its page cache left out.</summary>
    private const int InodeBytes = 512;

    /// <summary>What an open file takes, and those who know its identity keep.</summary>
    private const int OpenFileBytes = 256;

    private readonly Ledger _ledger;
    private readonly MachineLocks _locks;
    private readonly ObjectType _sharedMemoryType;
    private readonly ChunkPool _chunks;
    private readonly MemoryBudget _budget;
    private readonly Dictionary<(ulong Device, ulong Number, FileKind Kind), Inode> _named = [];
    private readonly Stack<int> _freeFiles = new();
    private readonly Stack<int> _freeInodes = new();
    private readonly List<Inode?> _inodes = [null];
    private OpenFile[] _files = new OpenFile[16];
    private int[] _positions = new int[64];
    private int _used = 1;
    private ulong _lastNumber;

    public FileTable(VmaTable vmas, FrameTable frames, Ledger ledger, MachineLocks locks, MemoryBudget budget)
    {
        _chunks = new ChunkPool(budget);
        _budget = budget;
        _vmas = vmas;
        _frames = frames;
        _ledger = ledger;
        _locks = locks;
        _sharedMemoryType = ledger.Register("shmem_inode", SharedMemoryInodeSize);
    }

    private struct OpenFile
    {
        public Inode? Inode;
        public int References;
        public FileModes Modes;
        public bool IsAttachment;
    }

    /// <summary>Every inode, by ascending handle.</summary>
    public IEnumerable<Inode> Inodes => _inodes.OfType<Inode>();

    /// <summary>The inode behind an open file. Requires: the file is open.</summary>
    public Inode this[FileId file]
    {
        get
        {
            Inode? inode = _files[file.Value].Inode;
            Invariant.Require(inode is not null);
            return inode;
        }
    }

    /// <summary>What the open file allows its mappings.</summary>
    public FileModes ModesOf(FileId file) => _files[file.Value].Modes;

    /// <summary>Whether shmat made this open file (its mappings have shm_vm_ops).</summary>
    public bool IsAttachment(FileId file) => _files[file.Value].IsAttachment;

    /// <summary>shmat has mapped it: each attachment has an open file of its own.</summary>
    public void SetAttachment(FileId file) => _files[file.Value].IsAttachment = true;

    /// <summary>The inode with this handle. Requires: it is live.</summary>
    public Inode InodeAt(int handle)
    {
        Inode? inode = _inodes[handle];
        Invariant.Require(inode is not null);
        return inode;
    }

    /// <summary>
    /// Whether faults fill this VMA with anonymous pages (vma_is_anonymous): no file, or a private mapping of
    /// /dev/zero, which keeps its file.
    /// </summary>
    public bool IsFilledAnonymously(in Vma vma) =>
        vma.IsAnonymous ? !vma.IsSpecialMapping : (!vma.IsShared && this[vma.File].Kind == FileKind.Zero);

    /// <summary>
    /// Makes an open file known. Files of the same device, inode number and kind share one inode, and its size is what
    /// the first of them said.
    /// </summary>
    /// <param name="kind">What is behind it.</param>
    /// <param name="device">Device number as in <c>s_dev</c>.</param>
    /// <param name="number">Inode number.</param>
    /// <param name="sizeBytes">Its size; <see cref="ulong.MaxValue"/> where it is not known.</param>
    /// <param name="modes">What this open file allows its mappings.</param>
    public FileId Open(
        FileKind kind,
        ulong device,
        ulong number,
        ulong sizeBytes,
        FileModes modes = FileModes.Read | FileModes.Write)
    {
        if (!_named.TryGetValue((device, number, kind), out Inode? inode))
        {
            inode = AddInode(kind, device, number, sizeBytes);
            _named.Add((device, number, kind), inode);
        }

        return AddFile(inode, modes);
    }

    /// <summary>
    /// A fresh object of shared memory, as mmap makes it for MAP_SHARED | MAP_ANONYMOUS (shmem_zero_setup). The
    /// caller holds one reference and gives it back by <see cref="Release"/> once a VMA is linked, or if the call
    /// fails. None on ENOMEM.
    /// </summary>
    public FileId CreateSharedMemory(ulong sizeBytes, FileKind kind = FileKind.SharedMemory)
    {
        if (!_ledger.TryAllocate(_sharedMemoryType))
        {
            return default;
        }

        return AddFile(
            AddInode(kind, InternalDevice, ++_lastNumber, sizeBytes),
            FileModes.Read | FileModes.Write);
    }

    /// <summary>
    /// Lets go of the reference that <see cref="Open"/> or <see cref="CreateSharedMemory"/> gave (fput). The id is
    /// reused once no VMA holds the file either.
    /// </summary>
    public void Release(FileId file) => Put(file);

    /// <summary>
    /// A VMA with a file has come into being with its bounds: it is entered in i_mmap and holds the file.
    /// </summary>
    public void Link(VmaId vma)
    {
        ref OpenFile file = ref _files[_vmas[vma].File.Value];
        Invariant.Require(file.Inode is not null);
        file.References++;
        int position = file.Inode.Add(vma);
        if (_positions.Length <= vma.Value)
        {
            Array.Resize(ref _positions, Math.Max(_vmas.Capacity, _positions.Length * 2));
        }

        _positions[vma.Value] = position;
        _locks.Take(file.Inode.Lock, LockMode.Write, 1);
    }

    /// <summary>
    /// A VMA with a file is about to go: it is taken out of i_mmap and lets go of the file. Its pages are already
    /// unmapped or moved.
    /// </summary>
    public void Unlink(VmaId vma)
    {
        FileId file = _vmas[vma].File;
        Inode inode = this[file];
        int position = _positions[vma.Value];
        Invariant.Require(position < inode.MappingCount && inode.Mappings[position] == vma);
        VmaId moved = inode.RemoveAt(position);
        if (!moved.IsNone)
        {
            _positions[moved.Value] = position;
        }

        _locks.Take(inode.Lock, LockMode.Write, 1);
        Put(file);
    }

    /// <summary>
    /// Bounds or pgoff of a linked VMA are about to change (vma_prepare): under i_mmap_rwsem until they have.
    /// </summary>
    public void Adjusting(VmaId vma)
    {
        Invariant.Require(!_vmas[vma].File.IsNone);
        _locks.Begin(this[_vmas[vma].File].Lock, LockMode.Write);
    }

    /// <summary>They have changed (vma_complete): out of the tree and into it.</summary>
    public void Adjusted(VmaId vma) => _locks.End(this[_vmas[vma].File].Lock, LockMode.Write, 2);

    private Inode AddInode(FileKind kind, ulong device, ulong number, ulong sizeBytes)
    {
        if (!_freeInodes.TryPop(out int handle))
        {
            _budget.Hold(InodeBytes);
            handle = _inodes.Count;
            _inodes.Add(null);
        }

        Inode inode = new(handle, kind, device, number, sizeBytes, new PageCache(_chunks));
        _inodes[handle] = inode;
        return inode;
    }

    private FileId AddFile(Inode inode, FileModes modes)
    {
        if (!_freeFiles.TryPop(out int file))
        {
            _budget.Hold(OpenFileBytes);
            file = _used++;
            if (file == _files.Length)
            {
                Array.Resize(ref _files, file * 2);
            }
        }

        _files[file] = new OpenFile { Inode = inode, References = 1, Modes = modes };
        inode.OpenCount++;
        return new FileId(file);
    }

    private void Put(FileId id)
    {
        ref OpenFile file = ref _files[id.Value];
        Invariant.Require(file.Inode is not null && file.References > 0);
        if (--file.References > 0)
        {
            return;
        }

        Inode inode = file.Inode;
        file = default;
        _freeFiles.Push(id.Value);
        if (--inode.OpenCount == 0 && inode.Device == InternalDevice)
        {
            Evict(inode);
        }
    }

    private void Evict(Inode inode)
    {
        Invariant.Require(inode.MappingCount == 0);
        DropPages(inode, 0, ulong.MaxValue);
        _locks.Gone(inode.Lock);
        _inodes[inode.Handle] = null;
        _freeInodes.Push(inode.Handle);
        _ledger.Release(_sharedMemoryType);
    }
}
