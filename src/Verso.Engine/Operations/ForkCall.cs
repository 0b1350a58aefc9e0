using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>fork (kernel/fork.c, mm/mmap.c dup_mmap).</summary>
public static class ForkCall
{
    extension(Machine machine)
    {
        /// <summary>
        /// fork: a child with the parent's VMAs and copied entries. ENOMEM; then the child is gone, and the parent's
        /// private
        /// entries may be write-protected.
        /// </summary>
        public SyscallResult Fork(MmId parent, out MmId child) => machine.Fork(parent, [], out child);

        /// <summary>The same, with what a recording saw of a fork beside which relatives changed the graph.</summary>
        /// <param name="parent">Who forks.</param>
        /// <param name="logged">By ascending start; VMAs that are not in it are derived.</param>
        /// <param name="child">The new address space.</param>
        public SyscallResult Fork(MmId parent, ReadOnlySpan<ForkReuse> logged, out MmId child)
        {
            Mm source = machine.World.Mms[parent];
            using MmapHold hold = machine.World.Locks.HoldMmap(parent, LockMode.Write, source.Vmas.Count);
            machine.Counters.ForkCount++;
            child = default;
            Mm? target = machine.World.Mms.Allocate();
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
            if (machine.Structure.BeginMm(target, parent) != Errno.None)
            {
                machine.World.Mms.Free(target);
                return Errno.ENOMEM;
            }

            machine.World.Userfaults.BeginFork();
            foreach (VmaId id in source.Vmas.Ids)
            {
                machine.World.Options.Cancellation.ThrowIfCancellationRequested();
                if ((machine.At(id).Flags & VmaFlags.DontCopy) == 0
                    && machine.ForkVma(target, id, PlaceOf(machine.At(id).Start, ref logged)) != Errno.None)
                {
                    machine.World.Locks.ReleaseMmap();
                    machine.TearDown(target);
                    return Errno.ENOMEM;
                }
            }

            child = target.Id;
            return SyscallResult.Ok((ulong)child.Value);
        }

        private Errno ForkVma(Mm target, VmaId source, int logged)
        {
            Vma copy = machine.At(source);
            if ((copy.Flags & VmaFlags.Account) != 0 && !machine.MayCommit(copy.Pages))
            {
                return Errno.ENOMEM;
            }

            bool wipe = (copy.Flags & VmaFlags.WipeOnFork) != 0;
            copy.Mm = target.Id;
            copy.Flags &= ~VmaFlags.LockedMask;
            machine.ForkUserfault(ref copy);
            copy.Prepared &= !wipe;
            VmaId id = machine.World.Vmas.Allocate(copy);
            if (id.IsNone)
            {
                return Errno.ENOMEM;
            }

            if ((wipe ? machine.Structure.Attach(id) : machine.Structure.Fork(source, id, logged)) != Errno.None)
            {
                machine.World.Vmas.Free(id);
                return Errno.ENOMEM;
            }

            machine.LinkVma(id);
            target.TotalPages += copy.Pages;
            return wipe ? Errno.None : machine.CopyEntries(source, id);
        }

        /// <summary>
        /// vma_needs_copy, copy_page_range: what becomes of entries that a fault could not bring back.
        /// </summary>
        private Errno CopyEntries(VmaId parent, VmaId child)
        {
            VmaFlags always = VmaFlags.PfnMap | VmaFlags.MixedMap | machine.Sticky;
            ForkCopy copy = machine.Structure.CopyAtFork(parent);
            bool isWatched = (machine.At(child).Flags & VmaFlags.UffdWp) != 0;
            if (copy != ForkCopy.Share && (isWatched || (machine.At(parent).Flags & always) != 0))
            {
                copy = ForkCopy.Entries;
            }

            return copy == ForkCopy.None ? Errno.None : machine.CopyRange(parent, child, copy);
        }
    }

    private static int PlaceOf(ulong start, ref ReadOnlySpan<ForkReuse> logged)
    {
        while (logged.Length > 0 && logged[0].Start < start)
        {
            logged = logged[1..];
        }

        return logged.Length > 0 && logged[0].Start == start ? logged[0].Place : ForkReuse.Derive;
    }
}
