using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Graph;

/// <summary>One address space while its records come in. Reused from reading to reading.</summary>
internal sealed class ProcessDraft(TraitsCatalogue traits)
{
    // The usual vm.max_map_count.
    private const int MostExpectedVmas = 65_530;

    private readonly List<VmaImage> _vmas = [];
    private readonly AddressNumbers _numbers = new();
    private readonly List<AnonVmaImage> _anonVmas = [];
    private readonly List<ulong> _chain = [];
    private GraphMm _mm;
    private uint _sequence;
    private bool _hasVma;
    private GraphVma _vma;
    private FileId _file;
    private string? _name;
    private string? _nextName;

    // Whether the chain of the VMA at hand is longer than what came.
    private bool _isCut;

    // The VMA whose chain is being continued: its place, or -1.
    private int _continued = -1;

    internal int Pid { get; private set; }

    internal ulong Identity => _mm.Mm;

    internal ulong StartTime => _mm.StartTime;

    internal GraphReading Reading { get; private set; }

    /// <summary>Chains are cut short so far.</summary>
    internal int Unfinished { get; private set; }

    internal void Begin(int pid, in GraphMm mm)
    {
        _vmas.Clear();
        _vmas.EnsureCapacity((int)Math.Min(mm.MapCount, MostExpectedVmas));
        _numbers.Clear();
        _anonVmas.Clear();
        _chain.Clear();
        _mm = mm;
        _hasVma = false;
        _isCut = false;
        _nextName = null;
        _continued = -1;
        Pid = pid;
        Reading = GraphReading.Whole;
        Unfinished = 0;
    }

    /// <summary>The name of the VMA that comes next.</summary>
    internal void SetName(string name) => _nextName = name;

    internal void AddVma(in GraphVma vma, FileId file)
    {
        CloseVma();
        var sequence = new GraphHead(vma.Head).Upper;
        if (_vmas.Count == 0)
        {
            _sequence = sequence;
        }
        else if (sequence != _sequence)
        {
            Reading = GraphReading.Changed;
        }

        // After the lock was dropped the kernel finds its place again by address, so a VMA may come twice, grown.
        while (_vmas.Count > 0 && _vmas[^1].End > vma.Start)
        {
            _vmas.RemoveAt(_vmas.Count - 1);
            Reading = GraphReading.Changed;
        }

        _vma = vma;
        _file = file;
        _name = _nextName;
        _nextName = null;
        _hasVma = true;
    }

    internal void AddLink(in GraphLink link)
    {
        if (!_hasVma && _continued < 0)
        {
            return;
        }

        // It was freed while it was read: every living one has a root and a parent, if need be itself.
        if (link.AnonVma == 0 || link.Root == 0 || link.Parent == 0)
        {
            Reading = GraphReading.Changed;
            return;
        }

        _chain.Add(link.AnonVma);
        var number = _numbers.Of(link.AnonVma);
        if (number > _anonVmas.Count)
        {
            _anonVmas.Add(Node(link));
        }
        else if (_anonVmas[number - 1] is var known
            && (known.ActiveVmaCount != (long)link.ActiveVmaCount || known.ChildCount != (long)link.ChildCount))
        {
            _anonVmas[number - 1] = Node(link);
        }
    }

    /// <summary>The chain of the VMA at hand is longer than what came.</summary>
    internal void LeaveUnfinished()
    {
        Unfinished++;
        _isCut = true;
    }

    /// <summary>A further reading begins, which gives only the rest of chains.</summary>
    internal void BeginContinuation()
    {
        CloseVma();
        Unfinished = 0;
    }

    /// <summary>
    /// What follows belongs to the chain of this VMA after its first <paramref name="skip"/> entries.
    /// </summary>
    internal void ContinueVma(in GraphVma vma, int skip)
    {
        CloseVma();
        var (low, high) = (0, _vmas.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _vmas[middle].Start < vma.Start ? (middle + 1, high) : (low, middle);
        }

        var found = low < _vmas.Count && _vmas[low].Start == vma.Start && _vmas[low].Chain.Count == skip;
        _continued = found ? low : -1;
        if (!found || new GraphHead(vma.Head).Upper != _sequence)
        {
            Reading = GraphReading.Changed;
        }
    }

    internal void MarkChanged() => Reading = GraphReading.Changed;

    /// <summary>All of it, with what tells later whether it still is so.</summary>
    internal ProcessReading FinishReading(int order)
    {
        var process = Finish();
        return new ProcessReading(process, _mm.Execs, _sequence, order);
    }

    internal ProcessGraph Finish()
    {
        CloseVma();
        if (_vmas.Count != _mm.MapCount || Unfinished > 0)
        {
            Reading = GraphReading.Changed;
        }

        return new ProcessGraph(Pid, GraphAssembler.Text(_mm.Command), _mm.StartTime, Image(), Reading);
    }

    private MmImage Image()
    {
        return new MmImage
        {
            Vmas = _vmas.ToArray(),
            AnonVmas = _anonVmas.ToArray(),
            StartBrk = _mm.StartBrk,
            Brk = _mm.Brk,
            MmapBase = _mm.MmapBase,
            StartStack = _mm.StartStack,
            DefaultFlags = (VmaFlags)_mm.DefaultFlags,
            StackLimitBytes = _mm.StackLimit,
            TotalPages = _mm.TotalPages,
            LockedPages = _mm.LockedPages,
            Identity = _mm.Mm,
        };
    }

    /// <summary>Of a private file mapping, where there is such a thing; of others it says nothing new.</summary>
    private static bool HasOwnOffset(in GraphVma vma) =>
        vma.AnonPgoff != ulong.MaxValue && vma.File != 0
        && ((VmaFlags)vma.Flags & (VmaFlags.Shared | VmaFlags.MayWrite)) == VmaFlags.MayWrite;

    private static AnonVmaImage Node(in GraphLink link) => new(
        link.AnonVma, link.Root, link.Parent, (long)link.ChildCount, (long)link.ActiveVmaCount)
    {
        RefCount = (int)new GraphHead(link.Head).Upper,
    };

    // __anon_vma_prepare (mm/rmap.c) sets the anon_vma and then the chain, with the mmap lock for reading only, which
    // leaves mm_lock_seq alone: a VMA may be read in between.
    private static bool IsLinked(ulong anonVma, ReadOnlySpan<ulong> chain) =>
        anonVma == 0 ? chain.IsEmpty : chain.Contains(anonVma);

    private void CloseVma()
    {
        if (_hasVma)
        {
            if (!_isCut && !IsLinked(_vma.AnonVma, CollectionsMarshal.AsSpan(_chain)))
            {
                Reading = GraphReading.Changed;
            }

            _vmas.Add(new VmaImage(
                _vma.Start, _vma.End, (VmaFlags)_vma.Flags, _vma.Pgoff, _file, _vma.AnonVma, _chain.ToArray())
            {
                Traits = traits.Of(_vma, _name),
                AnonPgoff = HasOwnOffset(_vma) ? _vma.AnonPgoff : null,
            });
        }
        else if (_continued >= 0)
        {
            ulong[] chain = [.. _vmas[_continued].Chain, .. _chain];
            _vmas[_continued] = _vmas[_continued] with { Chain = chain };
            if (!_isCut && !IsLinked(_vmas[_continued].AnonVma, chain))
            {
                Reading = GraphReading.Changed;
            }
        }

        _hasVma = false;
        _isCut = false;
        _continued = -1;
        _chain.Clear();
    }
}
