using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Linux.Proc;

namespace Verso.Engine.Tests.Live;

/// <summary>The engine's counterpart of the puppet: the same files, the same initial VMAs, the same steps.</summary>
internal sealed class Twin
{
    private readonly Dictionary<int, MmId> _mms = [];
    private readonly List<FileId> _opened = [];
    private readonly Dictionary<(ulong Device, ulong Inode), string> _names = [];

    public Twin(string design, PuppetFiles files, IReadOnlyList<LiveVma> initial, MmImage? graph, ulong brk)
    {
        Machine = Catalogue.Find(design)!.Create(
            new MachineOptions
            {
                MemlockLimitBytes = files.MemlockLimitBytes,
                ProtectionKeys = ProcessorFlags.ProtectionKeys(),
            });
        foreach ((string path, FileModes modes, FileKind kind, ulong inode, ulong bytes) in files.Opened)
        {
            FileId file = Machine.OpenFile(kind, 1, inode, bytes, modes);
            _opened.Add(file);
            _names[(1, inode)] = path;
        }

        MmImage image = Image(initial, graph, brk);
        Assert.Equal(Errno.None, Machine.CreateMm(image, out MmId mm).Errno);
        _mms[0] = mm;
    }

    public Machine Machine { get; }

    /// <summary>Does one step; the result in the form of <see cref="Puppet.Do"/>.</summary>
    public long Do(Operation o)
    {
        MmId mm = _mms[o.Process];
        switch (o.Act)
        {
            case Act.Touch:
                FaultAccess access = o.B == 0 ? FaultAccess.Read : FaultAccess.Write;
                return (long)Machine.Fault(mm, o.A, access);
            case Act.Stripe:
                return Stripe(mm, o);
            case Act.Fork:
                SyscallResult forked = Machine.Fork(mm, out MmId child);
                _mms[(int)o.A] = child;
                return forked.Errno == Errno.None ? 0 : forked.Raw;
            case Act.Exit:
                Machine.ReleaseMm(mm);
                _mms.Remove(o.Process);
                return 0;
            default:
                return Call(mm, o).Raw;
        }
    }

    /// <summary>The VMAs as smaps would show them.</summary>
    public List<LiveVma> Vmas(int process)
    {
        List<LiveVma> vmas = [];
        foreach (VmaImage vma in Machine.Capture(_mms[process]).Vmas)
        {
            string name = vma.File.IsNone ? "" : NameOf(vma.File);
            ulong offset = vma.File.IsNone ? 0 : vma.Pgoff << Page.Shift;
            vmas.Add(new LiveVma(vma.Start, vma.End, vma.Flags, offset, name));
        }

        return vmas;
    }

    public MmImage Graph(int process) => Machine.Capture(_mms[process]);

    public ulong TotalPages(int process) => Machine.World.Mms[_mms[process]].TotalPages;

    public int VmaCount(int process) => Machine.World.Mms[_mms[process]].Vmas.Count;

    public ulong LockedPages(int process) => Machine.World.Mms[_mms[process]].LockedPages;

    public PageState[] Pages(int process, ulong start, ulong end)
    {
        PageState[] states = new PageState[(end - start) / Page.Size];
        for (int page = 0; page < states.Length; page++)
        {
            PageView view = Machine.PageAt(_mms[process], start + ((ulong)page * Page.Size));
            bool ofFile = view.Presence == PagePresence.Present && !view.Anonymous;
            states[page] = ofFile ? default : new PageState(view.Presence, view.MapCount);
        }

        return states;
    }

    private SyscallResult Call(MmId mm, Operation o) => o.Act switch
    {
        Act.Mmap => Machine.Mmap(mm, new MmapRequest(
            o.A, o.B, (Protection)o.C, (MapFlags)o.D, FileOf(o.E), o.F)),
        Act.Munmap => Machine.Munmap(mm, o.A, o.B),
        Act.Mprotect => Machine.Mprotect(mm, o.A, o.B, (Protection)o.C),
        Act.Mremap => Machine.Mremap(mm, new MremapRequest(o.A, o.B, o.C, (RemapFlags)o.D, o.E)),
        Act.Madvise => Machine.Madvise(mm, o.A, o.B, (Advice)o.C),
        Act.Brk => Machine.Brk(mm, o.A),
        Act.Mlock => Machine.Mlock(mm, o.A, o.B, (uint)o.C),
        Act.Munlock => Machine.Munlock(mm, o.A, o.B),
        Act.Mlockall => Machine.Mlockall(mm, (LockAll)o.A),
        Act.Munlockall => Machine.Munlockall(mm),
        Act.Mbind => Machine.Mbind(mm, o.A, o.B, (int)o.C),
        Act.Shmat => Attach(mm, o.A, (uint)o.B),
        Act.Shmdt => Machine.Shmdt(mm, o.A),
        _ => throw new InvalidOperationException(o.ToString()),
    };

    private long Stripe(MmId mm, Operation o)
    {
        long failures = 0;
        for (ulong page = 0; page < o.B; page++)
        {
            ulong address = o.A + (page * 2 * Page.Size);
            failures += Machine.Mprotect(mm, address, Page.Size, (Protection)o.C).Errno == Errno.None ? 0 : 1;
        }

        return failures;
    }

    private string NameOf(FileId file)
    {
        (ulong device, ulong inode, _) = Machine.DescribeFile(file);
        return _names.GetValueOrDefault((device, inode), "shared");
    }

    /// <summary>Each attachment has an open file of its own.</summary>
    private SyscallResult Attach(MmId mm, ulong address, uint flags)
    {
        const uint ReadOnly = 0x1000;
        FileModes modes = FileModes.Read | ((flags & ReadOnly) == 0 ? FileModes.Write : 0);
        const ulong Segment = 99;
        FileId file = Machine.OpenFile(FileKind.SharedMemory, 1, Segment, PuppetFiles.SegmentBytes, modes);
        _names[(1, Segment)] = "/SYSV00000000 (deleted)";
        SyscallResult result = Machine.Shmat(mm, file, address, flags);
        Machine.CloseFile(file);
        return result;
    }

    private FileId FileOf(ulong descriptor)
    {
        int at = (int)descriptor - PuppetFiles.FirstDescriptor;
        return at >= 0 && at < _opened.Count ? _opened[at] : default;
    }

    /// <summary>
    /// What has anonymous pages has an anon_vma: that of the neighbour below where heap and bss touch, else its own.
    /// </summary>
    private static ulong AnonVmaOf(LiveVma vma, List<VmaImage> below, List<AnonVmaImage> nodes)
    {
        if (vma.AnonymousBytes == 0)
        {
            return 0;
        }

        bool shares = below.Count > 0 && below[^1].End == vma.Start && below[^1].AnonVma != 0
            && below[^1].File.IsNone && vma.Name == "[heap]";
        if (shares)
        {
            nodes[^1] = nodes[^1] with { ActiveVmaCount = 2 };
            return nodes[^1].Id;
        }

        ulong id = (ulong)nodes.Count + 1;
        nodes.Add(new AnonVmaImage(id, id, id, 1, 1));
        return id;
    }

    /// <summary>What the puppet had when it started.</summary>
    private MmImage Image(IReadOnlyList<LiveVma> initial, MmImage? graph, ulong brk)
    {
        List<VmaImage> vmas = [];
        List<AnonVmaImage> nodes = [];
        Dictionary<string, FileId> files = [];
        LiveVma? heap = null;
        foreach (LiveVma vma in initial)
        {
            heap = vma.Name == "[heap]" ? vma : heap;
            bool hasFile = vma.Name.StartsWith('/');
            if (hasFile && !files.ContainsKey(vma.Name))
            {
                ulong inode = (ulong)files.Count + 1;
                files[vma.Name] = Machine.OpenFile(FileKind.Regular, 2, inode, ulong.MaxValue);
                _names[(2, inode)] = vma.Name;
            }

            VmaImage? known = graph?.Vmas.First(other => other.Start == vma.Start);
            ulong id = known?.AnonVma ?? AnonVmaOf(vma, vmas, nodes);
            ulong pgoff = known?.Pgoff ?? (hasFile ? vma.Offset : vma.Start) >> Page.Shift;
            FileId file = hasFile ? files[vma.Name] : default;
            IReadOnlyList<ulong> chain = known?.Chain ?? (id == 0 ? [] : [id]);
            vmas.Add(new VmaImage(vma.Start, vma.End, vma.Flags, pgoff, file, id, chain));
        }

        return new MmImage
        {
            Vmas = vmas,
            AnonVmas = graph?.AnonVmas ?? nodes,
            StartBrk = heap?.Start ?? 0,
            Brk = brk,
            MmapBase = 0x7ffff7fff000,
        };
    }
}
