using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>
/// anon-vma-chain whose folios follow where VMAs go: into the anon_vma of the VMA that absorbs theirs, and to the page
/// offset of the place that mremap moved them to. When that may happen is for the policy that derives from it to say.
/// </summary>
/// <remarks>
/// Whether a move re-homes is read off the two VMAs, not remembered: so the way back, when entries could not be moved,
/// is the same rule with the two exchanged. Both roots' locks are held meanwhile (counted), so that no walk sees a
/// folio between its homes.
/// </remarks>
public abstract class RehomingMap : AnonVmaChainMap
{
    private long _rehomed;

    /// <inheritdoc/>
    public override void Joining(VmaId target, VmaId source, ulong start, ulong end)
    {
        int home = Graph.AnonVmaOf(target);
        int old = Graph.AnonVmaOf(source);
        if (old != 0 && old != home)
        {
            CountRehomed(MappedFolios.Rehome(World, source, start, end, home));
        }
    }

    /// <inheritdoc/>
    public override void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
        int home = Graph.AnonVmaOf(to);
        ulong index = World.Vmas[to].AnonPgoffAt(target.Address);
        if (home != Graph.AnonVmaOf(from) || index != World.Vmas[from].AnonPgoffAt(source.Address))
        {
            CountRehomed(MappedFolios.Rehome(World, source, home, index));
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() => [new("folios re-homed", _rehomed)];

    private void CountRehomed(int folios)
    {
        _rehomed += folios;
        World.Counters.Lock(LockClass.ReverseMapWrite, folios);
        World.Counters.Lock(LockClass.ReverseMapWrite, 0);
    }
}
