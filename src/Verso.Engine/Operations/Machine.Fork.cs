using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// fork (kernel/fork.c, mm/mmap.c dup_mmap).
public abstract partial class Machine
{
    /// <summary>
    /// fork: a child with the parent's VMAs and copied entries. ENOMEM; then the child is gone, and the parent's
    /// private
    /// entries may be write-protected.
    /// </summary>
    public SyscallResult Fork(MmId parent, out MmId child) => Fork(parent, [], out child);

    /// <summary>The same, with what a recording saw of a fork beside which relatives changed the graph.</summary>
    /// <param name="parent">Who forks.</param>
    /// <param name="logged">By ascending start; VMAs that are not in it are derived.</param>
    /// <param name="child">The new address space.</param>
    public SyscallResult Fork(MmId parent, ReadOnlySpan<ForkReuse> logged, out MmId child)
    {
        Mm source = World.Mms[parent];
        using MmapHold hold = World.Locks.HoldMmap(parent, LockMode.Write, source.Vmas.Count);
        Counters.ForkCount++;
        child = default;
        Mm? target = World.Mms.Allocate();
        if (target is null)
        {
            return Errno.ENOMEM;
        }

        target.Parent = parent;
        target.StartBrk = source.StartBrk;
        target.Brk = source.Brk;
        target.TaskSize = source.TaskSize;
        target.MmapBase = source.MmapBase;
        target.StartStack = source.StartStack;
        target.StackLimitBytes = source.StackLimitBytes;
        target.Limits = source.Limits;
        target.Flags = MmFlagRules.Inherited(source.Flags);
        target.AllocatedKeys = source.AllocatedKeys;
        target.ExecuteOnlyKey = source.ExecuteOnlyKey;
        target.DefaultFlags = source.DefaultFlags & VmaFlags.NoHugePage;
        if (Structure.BeginMm(target, parent) != Errno.None)
        {
            World.Mms.Free(target);
            return Errno.ENOMEM;
        }

        World.Userfaults.BeginFork();
        foreach (VmaId id in source.Vmas.Ids)
        {
            World.Options.Cancellation.ThrowIfCancellationRequested();
            if ((At(id).Flags & VmaFlags.DontCopy) == 0
                && ForkVma(target, id, PlaceOf(At(id).Start, ref logged)) != Errno.None)
            {
                World.Locks.ReleaseMmap();
                TearDown(target);
                return Errno.ENOMEM;
            }
        }

        child = target.Id;
        return SyscallResult.Ok((ulong)child.Value);
    }

    private static int PlaceOf(ulong start, ref ReadOnlySpan<ForkReuse> logged)
    {
        while (logged.Length > 0 && logged[0].Start < start)
        {
            logged = logged[1..];
        }

        return logged.Length > 0 && logged[0].Start == start ? logged[0].Place : ForkReuse.Derive;
    }

    private Errno ForkVma(Mm target, VmaId source, int logged)
    {
        Vma copy = At(source);
        if ((copy.Flags & VmaFlags.Account) != 0 && !MayCommit(copy.Pages))
        {
            return Errno.ENOMEM;
        }

        bool wipe = (copy.Flags & VmaFlags.WipeOnFork) != 0;
        copy.Mm = target.Id;
        copy.Flags &= ~VmaFlags.LockedMask;
        ForkUserfault(ref copy);
        copy.Prepared &= !wipe;
        VmaId id = World.Vmas.Allocate(copy);
        if (id.IsNone)
        {
            return Errno.ENOMEM;
        }

        if ((wipe ? Structure.Attach(id) : Structure.Fork(source, id, logged)) != Errno.None)
        {
            World.Vmas.Free(id);
            return Errno.ENOMEM;
        }

        LinkVma(id);
        target.TotalPages += copy.Pages;
        return wipe ? Errno.None : CopyEntries(source, id);
    }

    /// <summary>vma_needs_copy, copy_page_range: what becomes of entries that a fault could not bring back.</summary>
    private Errno CopyEntries(VmaId parent, VmaId child)
    {
        VmaFlags always = VmaFlags.PfnMap | VmaFlags.MixedMap | Sticky;
        ForkCopy copy = Structure.CopyAtFork(parent);
        bool isWatched = (At(child).Flags & VmaFlags.UffdWp) != 0;
        if (copy != ForkCopy.Share && (isWatched || (At(parent).Flags & always) != 0))
        {
            copy = ForkCopy.Entries;
        }

        return copy == ForkCopy.None ? Errno.None : CopyRange(parent, child, copy);
    }
}
