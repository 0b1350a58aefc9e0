using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaLazy;

/// <summary>
/// VMAs that folios name and hold a reference to. One that is gone from its address space stays allocated for them:
/// another VMA has their place, and a walk looks that up by the address at which the first one had it.
/// </summary>
/// <remarks>
/// <code>
///   folio ──▶ pin: mm, distance, folios     VMA that is there, or gone and kept (vm_area_struct, pinned)
///              │
///              └─ page offset + distance = page of the address, whatever VMA is there now
/// </code>
/// Invariant: <see cref="Pin.Folios"/> is the number of folios that name it. Splits and merges keep the distance, so
/// it is that of each VMA which has such folios; mremap does not, and gives them another name.
/// </remarks>
internal sealed class PinnedVmas
{
    private readonly World _world;
    private readonly ObjectType _kept;
    private VmaRows<int> _pinOf;
    private Pin[] _pins = new Pin[64];
    private int _used = 1;
    private int _free;
    private long _taken;

    public PinnedVmas(World world)
    {
        _world = world;
        _pinOf = new VmaRows<int>(world.Vmas);
        _kept = world.Ledger.Register("vm_area_struct, pinned", VmaTable.KernelSize);
    }

    /// <summary>What is known of a VMA that folios name. It is no object of its own: the VMA is.</summary>
    private struct Pin
    {
        public MmId Mm;

        /// <summary>From page offset to page of the address, in pages, modulo 2^64.</summary>
        public ulong Distance;

        public int Folios;

        /// <summary>The VMA; none if it is gone, or has other page offsets now.</summary>
        public VmaId Vma;

        /// <summary>Whether it is allocated for its folios alone.</summary>
        public bool IsKept;

        public int NextFree;
    }

    /// <summary>How far a VMA is from where its page offsets say, in pages, modulo 2^64.</summary>
    public static ulong DistanceOf(in Vma vma) => (vma.Start >> Page.Shift) - vma.AnonPgoff;

    /// <summary>The address space of a name.</summary>
    public MmId MmOf(int key) => _pins[-key].Mm;

    /// <summary>The distance of all folios with this name.</summary>
    public ulong DistanceOf(int key) => _pins[-key].Distance;

    /// <summary>What a new folio of this VMA says.</summary>
    public int KeyOf(VmaId id)
    {
        ref Vma vma = ref _world.Vmas[id];
        int at = _pinOf[id];
        if (at == 0)
        {
            at = Allocate();
            _pins[at] = new Pin { Mm = vma.Mm, Vma = id };
            _pinOf[id] = at;
        }

        ref Pin pin = ref _pins[at];
        Invariant.Require(pin.Folios == 0 || pin.Distance == DistanceOf(vma));
        pin.Distance = DistanceOf(vma);
        return -at;
    }

    /// <summary>A folio has another name. Neither need be one of a VMA.</summary>
    public void Move(int from, int to)
    {
        if (DirectFolios.IsDirect(to))
        {
            _pins[-to].Folios++;
            _taken++;
        }

        Put(from);
    }

    /// <summary>A folio with this name is gone; after the last goes a VMA that was kept for it.</summary>
    public void Put(int key)
    {
        if (!DirectFolios.IsDirect(key))
        {
            return;
        }

        ref Pin pin = ref _pins[-key];
        Invariant.Require(pin.Folios > 0);
        pin.Folios--;
        if (pin.Folios == 0 && pin.Vma.IsNone)
        {
            if (pin.IsKept)
            {
                _world.Ledger.Release(_kept);
            }

            Free(-key);
        }
    }

    /// <summary>
    /// The VMA is gone, but for the folios that name it. After MREMAP_DONTUNMAP it is there and may have other page
    /// offsets: what is written into it then is no folio of this pin.
    /// </summary>
    public void Drop(VmaId vma, DropReason reason)
    {
        int at = _pinOf[vma];
        if (at == 0)
        {
            return;
        }

        _pinOf[vma] = 0;
        if (_pins[at].Folios == 0)
        {
            Free(at);
            return;
        }

        ref Pin pin = ref _pins[at];
        pin.Vma = default;
        pin.IsKept = reason != DropReason.MovedAway;
        if (pin.IsKept)
        {
            _world.Ledger.Keep(_kept);
        }
    }

    /// <summary>What is wrong with the counts of folios, or null.</summary>
    public string? Audit()
    {
        int[] folios = new int[_used];
        for (int pfn = 1; pfn < _world.Frames.UsedCount; pfn++)
        {
            Frame frame = _world.Frames[new Pfn(pfn)];
            if (frame.IsAnonymous && DirectFolios.IsDirect(frame.Mapping))
            {
                folios[-frame.Mapping]++;
                if (frame.MapCount > 1)
                {
                    return $"{new Pfn(pfn)} names a VMA, and is mapped {frame.MapCount} times";
                }
            }
        }

        for (int at = 1; at < _used; at++)
        {
            if (folios[at] != _pins[at].Folios)
            {
                return $"{_pins[at].Vma} is named by {folios[at]} folios, and counts {_pins[at].Folios}";
            }
        }

        return null;
    }

    /// <summary>What is wrong with a direct folio that this VMA maps, or null.</summary>
    public string? AuditPlaces(VmaId id)
    {
        Vma vma = _world.Vmas[id];
        ulong address = vma.Start;
        while (_world.PageTables.TryNextRange(_world.Mms[vma.Mm], ref address, vma.End, out PteRange range))
        {
            foreach (ulong pte in _world.PageTables.Entries(range))
            {
                if (Pte.HasFrame(pte) && _world.Frames[Pte.Frame(pte)] is { IsAnonymous: true } frame
                    && DirectFolios.IsDirect(frame.Mapping)
                    && (MmOf(frame.Mapping) != vma.Mm || DistanceOf(frame.Mapping) != DistanceOf(vma)))
                {
                    return $"{Pte.Frame(pte)} in {id} names a VMA that a walk would look for elsewhere";
                }
            }
        }

        return null;
    }

    public IReadOnlyList<DesignFigure> Figures(long lookups) =>
    [
        new("references to VMAs taken by folios", _taken),
        new("VMA look-ups by walks of direct folios", lookups),
    ];

    private int Allocate()
    {
        if (_free == 0)
        {
            if (_used == _pins.Length)
            {
                Array.Resize(ref _pins, _used * 2);
            }

            return _used++;
        }

        int at = _free;
        _free = _pins[at].NextFree;
        return at;
    }

    private void Free(int at)
    {
        _pins[at] = new Pin { NextFree = _free };
        _free = at;
    }
}
