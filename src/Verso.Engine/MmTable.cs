namespace Verso.Engine;

/// <summary>The address spaces of a machine. Ids are never reused, so a trace can name the dead.</summary>
public sealed class MmTable
{
    /// <summary>sizeof(struct mm_struct) on 6.18.44.</summary>
    public const int KernelSizeBytes = 1600;

    private readonly Dictionary<int, Mm> _live = [];
    private readonly Ledger _ledger;
    private readonly ObjectType _type;
    private int _last;

    public MmTable(Ledger ledger)
    {
        _ledger = ledger;
        _type = ledger.Register("mm_struct", KernelSizeBytes);
    }

    /// <summary>Every live address space, by ascending id.</summary>
    public IEnumerable<Mm> Live => _live.Values.OrderBy(mm => mm.Id.Value);

    public int LiveCount => _live.Count;

    /// <summary>The address space with this id. Requires: it is live.</summary>
    public Mm this[MmId id]
    {
        get
        {
            bool found = _live.TryGetValue(id.Value, out Mm? mm);
            Invariant.Require(found);
            return mm!;
        }
    }

    public bool IsLive(MmId id) => _live.ContainsKey(id.Value);

    /// <summary>A new, empty address space, or null if the allocation fails.</summary>
    public Mm? Allocate()
    {
        if (!_ledger.TryAllocate(_type))
        {
            return null;
        }

        Mm mm = new(new MmId(++_last));
        _live.Add(mm.Id.Value, mm);
        return mm;
    }

    /// <summary>Forgets an address space. Requires: it is live and holds no VMA.</summary>
    public void Free(Mm mm)
    {
        Invariant.Require(mm.Vmas.Count == 0);
        Invariant.Require(_live.Remove(mm.Id.Value));
        _ledger.Release(_type);
    }
}
