using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// Faults that a userfaultfd is told of (handle_userfault), and how its monitor fills pages (mm/userfaultfd.c).
/// </summary>
internal static class UserfaultFilling
{
    internal const VmaFlags WatchedForPages = VmaFlags.UffdMissing | VmaFlags.UffdMinor;

    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.FillUserfault"/>.</summary>
        internal SyscallResult FillUserfault(MmId mmId, in UserfaultFill fill)
        {
            if (!machine.IsUserfaultRange(fill.Address, fill.Length)
                || (fill.Action == UserfaultAction.Move && !machine.IsUserfaultRange(fill.Source, fill.Length)))
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Read);
            VmaId id = mm.Vmas.Lookup(fill.Address);
            if (id.IsNone)
            {
                return Errno.ENOENT;
            }

            // Before anything is looked at, whatever is to be done (find_vma_and_prepare_anon).
            if (!machine.Vmas[id].IsShared && machine.PrepareVma(id, PrepareOutcome.Derive) != Errno.None)
            {
                return Errno.ENOMEM;
            }

            Errno refused = fill.Action == UserfaultAction.Move
                ? machine.MayMove(mm, id, fill)
                : machine.MayFill(id, fill);
            if (refused != Errno.None)
            {
                return refused;
            }

            for (ulong done = 0; done < fill.Length; done += Page.Size)
            {
                Errno errno = machine.FillPage(mm, id, fill, done);
                if (errno != Errno.None)
                {
                    // Of a part that is done the ioctl says how long it is, and EAGAIN.
                    return done == 0 ? errno : Errno.EAGAIN;
                }
            }

            return SyscallResult.Ok();
        }

        /// <summary>validate_dst_vma and the checks of mfill_atomic.</summary>
        private Errno MayFill(VmaId id, in UserfaultFill fill)
        {
            ref Vma vma = ref machine.Vmas[id];
            if (vma.UserfaultContext == 0 || fill.Length > vma.End - fill.Address)
            {
                return Errno.ENOENT;
            }

            bool isSharedMemory = !vma.File.IsNone && machine.World.Files[vma.File].Kind == FileKind.SharedMemory;
            bool isKnown = isSharedMemory
                || (machine.IsFilledAnonymously(vma) && fill.Action != UserfaultAction.Continue);
            return isKnown ? Errno.None : Errno.EINVAL;
        }

        /// <summary>validate_move_areas.</summary>
        private Errno MayMove(Mm mm, VmaId id, in UserfaultFill fill)
        {
            VmaId fromId = mm.Vmas.Lookup(fill.Source);
            if (fromId.IsNone)
            {
                return Errno.ENOENT;
            }

            ref Vma from = ref machine.Vmas[fromId];
            ref Vma to = ref machine.Vmas[id];
            const VmaFlags Same = VmaFlags.Access | VmaFlags.Pkey | VmaFlags.Locked;
            bool fits = fill.Length <= from.End - fill.Source && fill.Length <= to.End - fill.Address;
            bool isAlike = ((from.Flags ^ to.Flags) & Same) == 0 && (from.Flags & VmaFlags.Write) != 0;
            bool isAnonymous = machine.IsFilledAnonymously(from) && machine.IsFilledAnonymously(to);
            bool isPrivate = ((from.Flags | to.Flags) & VmaFlags.Shared) == 0;
            return fits && isAlike && isAnonymous && isPrivate && to.UserfaultContext == fill.Context
                ? Errno.None
                : Errno.EINVAL;
        }

        private Errno FillPage(Mm mm, VmaId id, in UserfaultFill fill, ulong done)
        {
            ulong address = fill.Address + done;
            int leaf = machine.Tables.EnsureLeaf(mm, address);
            if (leaf == 0)
            {
                return Errno.ENOMEM;
            }

            PteRange at = PageTablePool.OnePage(leaf, address);
            ulong pte = machine.Tables.Entry(leaf, at.First);

            // mfill_atomic_install_pte overwrites a marker (pte_none_mostly): copies, and pages that enter a file. The
            // zero page of private memory does not (mfill_atomic_pte_zeropage).
            bool isOver = fill.Action is UserfaultAction.Copy or UserfaultAction.Continue
                || (fill.Action == UserfaultAction.ZeroPage && machine.Vmas[id].IsShared);
            bool isTaken = pte != 0 && !(isOver && Pte.IsGuard(pte));
            if (fill.Action == UserfaultAction.Move)
            {
                return machine.MovePage(mm, id, at, fill.Source + done);
            }

            return machine.IsBeyondFile(id, address) ? Errno.EFAULT
                : isTaken || machine.IsHeld(id, address) ? Errno.EEXIST
                : machine.Vmas[id].File.IsNone || !machine.Vmas[id].IsShared ? machine.FillPrivate(id, at, fill.Action)
                : machine.FillShared(id, at, fill.Action);
        }

        /// <summary>
        /// mfill_file_over_size, which is asked before the entry is looked at. All of /dev/zero is beyond its end.
        /// </summary>
        private bool IsBeyondFile(VmaId id, ulong address)
        {
            ref Vma vma = ref machine.Vmas[id];
            return !vma.File.IsNone && machine.World.Files[vma.File].IsBeyondEnd(vma.PgoffAt(address));
        }

        /// <summary>A memory object has the page: Linux's entry would map it.</summary>
        private bool IsHeld(VmaId id, ulong address) =>
            TPages.Owner == PageOwner.Object && !machine.Vmas[id].IsShared
                && TPages.Find(machine.Hooks, id, address) != default;

        private Errno FillPrivate(VmaId id, in PteRange at, UserfaultAction action)
        {
            if (action == UserfaultAction.Continue)
            {
                return machine.FillShared(id, at, action);
            }

            if (action != UserfaultAction.ZeroPage)
            {
                return machine.MapNewPage(id, at, default).IsNone ? Errno.ENOMEM : Errno.None;
            }

            machine.Tables.Put(at.Table, at.First, Pte.ZeroPage);
            return Errno.None;
        }

        /// <summary>shmem_mfill_atomic_pte, mfill_atomic_pte_continue.</summary>
        private Errno FillShared(VmaId id, in PteRange at, UserfaultAction action)
        {
            Inode inode = machine.World.Files[machine.Vmas[id].File];
            ulong pgoff = machine.Vmas[id].PgoffAt(at.Address);
            if (pgoff > Frames.Frame.IndexMax)
            {
                return Errno.EFAULT;
            }

            bool isThere = !inode.Pages.Find(pgoff).IsNone;
            if (isThere != (action == UserfaultAction.Continue))
            {
                return isThere ? Errno.EEXIST : Errno.EFAULT;
            }

            Pfn page = machine.World.Files.GetPage(inode, pgoff);
            ulong bits = FileFaults.EntryBits(machine.Vmas[id], inode.Kind, FaultAccess.Write);
            return !page.IsNone && machine.MapPage(id, at, page, bits) == FaultOutcome.Done ? Errno.None : Errno.ENOMEM;
        }

        /// <summary>
        /// move_pages_pte: only a page that is its owner's alone moves. It is a new page here, with the old one's
        /// bytes: nobody but its owner could tell.
        /// </summary>
        private Errno MovePage(Mm mm, VmaId id, in PteRange at, ulong source)
        {
            ulong from = machine.Tables.Read(mm, source);
            ulong to = machine.Tables.Entry(at.Table, at.First);
            VmaId fromId = mm.Vmas.Lookup(source);
            bool isFromHeld = from == 0 && machine.IsHeld(fromId, source);

            // move_pages finds no table of the source before it looks at the target.
            if (!isFromHeld && machine.Tables.FindLeaf(mm, source) == 0)
            {
                return Errno.ENOENT;
            }

            if (to != 0 || machine.IsHeld(id, at.Address))
            {
                return Errno.EEXIST;
            }

            if (from == 0)
            {
                return isFromHeld ? Errno.EBUSY : Errno.ENOENT;
            }

            // A marker is no page that could move.
            if (Pte.IsGuard(from))
            {
                return Errno.EFAULT;
            }

            if (Pte.IsZeroPage(from))
            {
                machine.Tables.Put(at.Table, at.First, Pte.ZeroPage);
            }
            else
            {
                bool isOwn = Pte.HasFrame(from) && machine.Frames[Pte.Frame(from)].IsAnonymous
                    && machine.Frames[Pte.Frame(from)].IsExclusive;
                if (!isOwn)
                {
                    return Errno.EBUSY;
                }

                if (machine.MapNewPage(id, at, Pte.Frame(from)).IsNone)
                {
                    return Errno.ENOMEM;
                }
            }

            return machine.DiscardRange(fromId, source, source + Page.Size);
        }

        /// <summary>
        /// handle_userfault: what becomes of a fault at an empty entry that the monitor is to see to; Done if it need
        /// not.
        /// </summary>
        internal FaultOutcome Watched(VmaId id, in PteRange at, FaultAccess access, PrepareOutcome logged)
        {
            ref Vma vma = ref machine.Vmas[id];
            if (vma.IsSpecialMapping)
            {
                return FaultOutcome.Done;
            }

            VmaFlags asked = VmaFlags.UffdMissing;
            if (!machine.IsFilledAnonymously(vma))
            {
                Inode inode = machine.World.Files[vma.File];
                ulong pgoff = vma.PgoffAt(at.Address);
                if (inode.IsBeyondEnd(pgoff))
                {
                    return FaultOutcome.Done;
                }

                asked = inode.Pages.Find(pgoff).IsNone ? VmaFlags.UffdMissing : VmaFlags.UffdMinor;
            }

            if ((vma.Flags & asked) == 0)
            {
                return FaultOutcome.Done;
            }

            bool makesPage = access == FaultAccess.Write
                || (machine.IsFilledAnonymously(vma) && !machine.MapsZeroPage(id, access));
            if (!vma.IsShared && makesPage && machine.PrepareVma(id, logged) != Errno.None)
            {
                return FaultOutcome.OutOfMemory;
            }

            UserfaultFeatures features = machine.World.Userfaults.FeaturesOf(machine.Vmas[id].UserfaultContext);
            bool isSignalled = (features & UserfaultFeatures.Sigbus) != 0;
            return isSignalled ? FaultOutcome.Bus : FaultOutcome.Waits;
        }
    }
}
