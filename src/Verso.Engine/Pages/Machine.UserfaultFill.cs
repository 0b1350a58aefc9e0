using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// Faults that a userfaultfd is told of (handle_userfault), and how its monitor fills pages (mm/userfaultfd.c).
public sealed partial class Machine<TPages>
{
    private const VmaFlags WatchedForPages = VmaFlags.UffdMissing | VmaFlags.UffdMinor;

    /// <inheritdoc/>
    public override SyscallResult FillUserfault(MmId mmId, in UserfaultFill fill)
    {
        if (!IsUserfaultRange(fill.Address, fill.Length)
            || (fill.Action == UserfaultAction.Move && !IsUserfaultRange(fill.Source, fill.Length)))
        {
            return Errno.EINVAL;
        }

        Mm mm = _mms[mmId];
        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Read);
        VmaId id = Lookup(mm, fill.Address);
        if (id.IsNone)
        {
            return Errno.ENOENT;
        }

        // Before anything is looked at, whatever is to be done (find_vma_and_prepare_anon).
        if (!_vmas[id].IsShared && PrepareVma(id, PrepareOutcome.Derive) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        Errno refused = fill.Action == UserfaultAction.Move ? MayMove(mm, id, fill) : MayFill(id, fill);
        if (refused != Errno.None)
        {
            return refused;
        }

        for (ulong done = 0; done < fill.Length; done += Page.Size)
        {
            Errno errno = FillPage(mm, id, fill, done);
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
        ref Vma vma = ref _vmas[id];
        if (vma.UserfaultContext == 0 || fill.Length > vma.End - fill.Address)
        {
            return Errno.ENOENT;
        }

        bool isSharedMemory = !vma.File.IsNone && World.Files[vma.File].Kind == FileKind.SharedMemory;
        bool isKnown = isSharedMemory || (IsFilledAnonymously(vma) && fill.Action != UserfaultAction.Continue);
        return isKnown ? Errno.None : Errno.EINVAL;
    }

    /// <summary>validate_move_areas.</summary>
    private Errno MayMove(Mm mm, VmaId id, in UserfaultFill fill)
    {
        VmaId fromId = Lookup(mm, fill.Source);
        if (fromId.IsNone)
        {
            return Errno.ENOENT;
        }

        ref Vma from = ref _vmas[fromId];
        ref Vma to = ref _vmas[id];
        const VmaFlags Same = VmaFlags.Access | VmaFlags.Pkey | VmaFlags.Locked;
        bool fits = fill.Length <= from.End - fill.Source && fill.Length <= to.End - fill.Address;
        bool isAlike = ((from.Flags ^ to.Flags) & Same) == 0 && (from.Flags & VmaFlags.Write) != 0;
        bool isAnonymous = IsFilledAnonymously(from) && IsFilledAnonymously(to);
        bool isPrivate = ((from.Flags | to.Flags) & VmaFlags.Shared) == 0;
        return fits && isAlike && isAnonymous && isPrivate && to.UserfaultContext == fill.Context
            ? Errno.None
            : Errno.EINVAL;
    }

    private Errno FillPage(Mm mm, VmaId id, in UserfaultFill fill, ulong done)
    {
        ulong address = fill.Address + done;
        int leaf = _tables.EnsureLeaf(mm, address);
        if (leaf == 0)
        {
            return Errno.ENOMEM;
        }

        PteRange at = PageTablePool.OnePage(leaf, address);
        ulong pte = _tables.Entry(leaf, at.First);

        // mfill_atomic_install_pte overwrites a marker (pte_none_mostly): copies, and pages that enter a file. The zero
        // page of private memory does not (mfill_atomic_pte_zeropage).
        bool isOver = fill.Action is UserfaultAction.Copy or UserfaultAction.Continue
            || (fill.Action == UserfaultAction.ZeroPage && _vmas[id].IsShared);
        bool isTaken = pte != 0 && !(isOver && Pte.IsGuard(pte));
        if (fill.Action == UserfaultAction.Move)
        {
            return MovePage(mm, id, at, fill.Source + done);
        }

        return isTaken || IsHeld(id, address) ? Errno.EEXIST
            : _vmas[id].File.IsNone || !_vmas[id].IsShared ? FillPrivate(id, at, fill.Action)
            : FillShared(id, at, fill.Action);
    }

    /// <summary>A memory object has the page: Linux's entry would map it.</summary>
    private bool IsHeld(VmaId id, ulong address) =>
        TPages.Owner == PageOwner.Object && !_vmas[id].IsShared && TPages.Find(_hooks, id, address) != default;

    private Errno FillPrivate(VmaId id, in PteRange at, UserfaultAction action)
    {
        if (action == UserfaultAction.Continue)
        {
            return FillShared(id, at, action);
        }

        if (!_vmas[id].File.IsNone && World.Files[_vmas[id].File].IsBeyondEnd(_vmas[id].PgoffAt(at.Address)))
        {
            return Errno.EFAULT;
        }

        if (action != UserfaultAction.ZeroPage)
        {
            return MapNewPage(id, at, default).IsNone ? Errno.ENOMEM : Errno.None;
        }

        _tables.Put(at.Table, at.First, Pte.ZeroPage);
        return Errno.None;
    }

    /// <summary>shmem_mfill_atomic_pte, mfill_atomic_pte_continue.</summary>
    private Errno FillShared(VmaId id, in PteRange at, UserfaultAction action)
    {
        Inode inode = World.Files[_vmas[id].File];
        ulong pgoff = _vmas[id].PgoffAt(at.Address);
        if (pgoff > Frames.Frame.IndexMax || inode.IsBeyondEnd(pgoff))
        {
            return Errno.EFAULT;
        }

        bool isThere = !inode.Pages.Find(pgoff).IsNone;
        if (isThere != (action == UserfaultAction.Continue))
        {
            return isThere ? Errno.EEXIST : Errno.EFAULT;
        }

        Pfn page = World.Files.GetPage(inode, pgoff);
        ulong bits = EntryBits(_vmas[id], inode.Kind, FaultAccess.Write);
        return !page.IsNone && MapPage(id, at, page, bits) == FaultOutcome.Done ? Errno.None : Errno.ENOMEM;
    }

    /// <summary>
    /// move_pages_pte: only a page that is its owner's alone moves. It is a new page here, with the old one's bytes:
    /// nobody but its owner could tell.
    /// </summary>
    private Errno MovePage(Mm mm, VmaId id, in PteRange at, ulong source)
    {
        ulong from = _tables.Read(mm, source);
        ulong to = _tables.Entry(at.Table, at.First);
        VmaId fromId = Lookup(mm, source);
        bool isFromHeld = from == 0 && IsHeld(fromId, source);

        // move_pages finds no table of the source before it looks at the target.
        if (!isFromHeld && _tables.FindLeaf(mm, source) == 0)
        {
            return Errno.ENOENT;
        }

        if (to != 0 || IsHeld(id, at.Address))
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
            _tables.Put(at.Table, at.First, Pte.ZeroPage);
        }
        else
        {
            bool isOwn = Pte.HasFrame(from) && _frames[Pte.Frame(from)].IsAnonymous
                && _frames[Pte.Frame(from)].IsExclusive;
            if (!isOwn)
            {
                return Errno.EBUSY;
            }

            if (MapNewPage(id, at, Pte.Frame(from)).IsNone)
            {
                return Errno.ENOMEM;
            }
        }

        return DiscardRange(fromId, source, source + Page.Size);
    }

    /// <summary>
    /// handle_userfault: what becomes of a fault at an empty entry that the monitor is to see to; Done if it need not.
    /// </summary>
    private FaultOutcome Watched(VmaId id, in PteRange at, FaultAccess access, PrepareOutcome logged)
    {
        ref Vma vma = ref _vmas[id];
        if (vma.IsSpecialMapping)
        {
            return FaultOutcome.Done;
        }

        VmaFlags asked = VmaFlags.UffdMissing;
        if (!IsFilledAnonymously(vma))
        {
            Inode inode = World.Files[vma.File];
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

        if (!vma.IsShared && access == FaultAccess.Write && PrepareVma(id, logged) != Errno.None)
        {
            return FaultOutcome.OutOfMemory;
        }

        bool isSignalled = (World.Userfaults.FeaturesOf(_vmas[id].UserfaultContext) & UserfaultFeatures.Sigbus) != 0;
        return isSignalled ? FaultOutcome.Bus : FaultOutcome.Waits;
    }
}
