namespace Verso.Engine.Vmas;

/// <summary>Every VMA of a machine: an arena of structs by <see cref="VmaId"/>. Handle 0 is never given out.</summary>
public sealed class VmaTable
{
    /// <summary>
    /// sizeof(struct vm_area_struct) on 6.18.44, and of the same fields on 32 bit: scripts/struct-sizes.
    /// </summary>
    public static KernelSize KernelSize { get; } = new(192, 92);

    private readonly Ledger _ledger;
    private readonly ObjectType _type;
    private readonly MachineLocks _locks;
    private Vma[] _slots = new Vma[64];
    private int[] _free = new int[64];
    private int _freeCount;
    private int _used = 1;

    /// <param name="ledger">Counts them.</param>
    /// <param name="locks">The machine's.</param>
    /// <param name="added">What the design adds to one.</param>
    public VmaTable(Ledger ledger, MachineLocks locks, KernelSize added)
    {
        _ledger = ledger;
        _locks = locks;
        _type = ledger.Register("vm_area_struct", KernelSize + added);
    }

    /// <summary>One past the highest handle ever given out: the size side arrays need.</summary>
    public int Capacity => _slots.Length;

    /// <summary>The VMA behind a handle. The reference is good until the next allocation.</summary>
    public ref Vma this[VmaId id] => ref _slots[id.Value];

    /// <summary>A new VMA holding <paramref name="vma"/>, or none if the allocation fails (ENOMEM).</summary>
    public VmaId Allocate(in Vma vma)
    {
        Vma copy = vma;
        if (!_ledger.TryAllocate(_type))
        {
            return default;
        }

        int slot = _freeCount > 0 ? _free[--_freeCount] : _used++;
        if (slot == _slots.Length)
        {
            Array.Resize(ref _slots, _slots.Length * 2);
        }

        _slots[slot] = copy;
        return new VmaId(slot);
    }

    /// <summary>Gives a VMA back. Requires: it is live.</summary>
    public void Free(VmaId id)
    {
        Invariant.Require(!_slots[id.Value].Mm.IsNone);
        _slots[id.Value] = default;
        if (_freeCount == _free.Length)
        {
            Array.Resize(ref _free, _free.Length * 2);
        }

        _free[_freeCount++] = id.Value;
        _ledger.Release(_type);
        _locks.Gone(LockId.Of(id));
    }
}
