using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>The address spaces of a machine. Ids are never reused, so a trace can name the dead.</summary>
/// <remarks>
/// A dictionary, since ids grow with the trace while the living stay few; and before it an array twice as long as there
/// are living, by the low bits of the id, which answers in 1 ns instead of 5.
/// </remarks>
public sealed class MmTable
{
    /// <summary>
    /// sizeof(struct mm_struct) on 6.18.44, and of the same fields on 32 bit, where no cache line is filled up.
    /// </summary>
    public static KernelSize KernelSize { get; } = new(1600, 768);

    private readonly Dictionary<int, Mm> _live = [];
    private readonly VmaNodePool _nodes = new();
    private Mm?[] _recent = new Mm?[16];
    private readonly Ledger _ledger;
    private readonly ObjectType _type;
    private int _last;

    /// <param name="ledger">Counts them.</param>
    /// <param name="added">What the design adds to one.</param>
    public MmTable(Ledger ledger, KernelSize added)
    {
        _ledger = ledger;
        _type = ledger.Register("mm_struct", KernelSize + added);
    }

    /// <summary>Every live address space, by ascending id.</summary>
    public IEnumerable<Mm> Live => _live.Values.OrderBy(mm => mm.Id.Value);

    public int LiveCount => _live.Count;

    /// <summary>The address space with this id. Requires: it is live.</summary>
    public Mm this[MmId id]
    {
        get
        {
            Mm? mm = Find(id);
            Invariant.Require(mm is not null);
            return mm;
        }
    }

    public bool IsLive(MmId id) => Find(id) is not null;

    /// <summary>The address space with this id, or null if it is not live.</summary>
    public Mm? Find(MmId id)
    {
        Mm? mm = _recent[id.Value & (_recent.Length - 1)];
        return mm is not null && mm.Id == id ? mm : FindSlow(id);
    }

    /// <summary>A new, empty address space, or null if the allocation fails.</summary>
    public Mm? Allocate()
    {
        if (!_ledger.TryAllocate(_type))
        {
            return null;
        }

        Mm mm = new(new MmId(++_last), _nodes);
        _live.Add(mm.Id.Value, mm);
        if (_recent.Length < _live.Count * 2)
        {
            _recent = new Mm?[_recent.Length * 2];
        }

        return mm;
    }

    /// <summary>Forgets an address space. Requires: it is live and holds no VMA.</summary>
    public void Free(Mm mm)
    {
        Invariant.Require(mm.Vmas.Count == 0);
        Invariant.Require(_live.Remove(mm.Id.Value));
        ref Mm? recent = ref _recent[mm.Id.Value & (_recent.Length - 1)];
        recent = recent == mm ? null : recent;
        _ledger.Release(_type);
    }

    private Mm? FindSlow(MmId id)
    {
        if (_live.TryGetValue(id.Value, out Mm? mm))
        {
            _recent[id.Value & (_recent.Length - 1)] = mm;
        }

        return mm;
    }
}
