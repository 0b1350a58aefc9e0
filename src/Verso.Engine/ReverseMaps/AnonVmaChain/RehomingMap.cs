using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>
/// anon-vma-chain whose folios follow where VMAs go: into the anon_vma of the VMA that absorbs theirs, and to the page
/// offset of the place that mremap moved them to. When that may happen is for the policy that derives from it to say.
/// </summary>
/// <remarks>
/// Whether a move re-homes is read off the two VMAs, not remembered: so the way back, when entries could not be moved,
/// is the same rule with the two exchanged. Both roots' locks are held meanwhile, so that no walk sees a folio between
/// its homes; a VMA without an anon_vma has no folio to re-home.
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
            LockBoth(home, old);
            UnlockBoth(home, old, MappedFolios.Rehome(World, source, start, end, home));
        }
    }

    /// <inheritdoc/>
    public override void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
        int home = Graph.AnonVmaOf(to);
        int old = Graph.AnonVmaOf(from);
        ulong index = World.Vmas[to].AnonPgoffAt(target.Address);
        bool isAway = home != old || index != World.Vmas[from].AnonPgoffAt(source.Address);
        if (home != 0 && isAway)
        {
            LockBoth(home, old);
            UnlockBoth(home, old, MappedFolios.Rehome(World, source, home, index));
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() => [new("folios re-homed", _rehomed)];

    /// <summary>The roots by ascending handle, since a walk may hold neither while two moves want both.</summary>
    private void LockBoth(int home, int old)
    {
        (LockId first, LockId second) = InOrder(home, old);
        World.Locks.Begin(first, LockMode.Write);
        if (second != first)
        {
            World.Locks.Begin(second, LockMode.Write);
        }
    }

    private void UnlockBoth(int home, int old, int folios)
    {
        _rehomed += folios;
        (LockId first, LockId second) = InOrder(home, old);
        if (second != first)
        {
            World.Locks.End(second, LockMode.Write, second == Graph.LockOf(home) ? folios : 0);
        }

        World.Locks.End(first, LockMode.Write, first == Graph.LockOf(home) ? folios : 0);
    }

    private (LockId First, LockId Second) InOrder(int home, int old)
    {
        LockId ofHome = Graph.LockOf(home);
        LockId ofOld = old != 0 ? Graph.LockOf(old) : ofHome;
        return ofHome.Owner <= ofOld.Owner ? (ofHome, ofOld) : (ofOld, ofHome);
    }
}
