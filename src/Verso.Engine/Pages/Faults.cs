using System.Runtime.CompilerServices;
using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// The way into a fault: which VMA, which entry, which kind. do_user_addr_fault, handle_mm_fault, handle_pte_fault.
/// </summary>
internal static class Faults
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.Fault"/>.</summary>
        internal FaultOutcome Fault(
            MmId mm, ulong address, FaultAccess access, PrepareOutcome logged = PrepareOutcome.Derive)
        {
            machine.Counters.FaultCount++;
            Mm space = machine.Mms[mm];
            VmaId id = space.Vmas.Lookup(address);
            if (id.IsNone)
            {
                // lock_mm_and_find_vma: the next VMA above may be a stack. Every failure to grow is SEGV_MAPERR.
                if (!machine.IsBelowStack(space, address) || machine.GrowStack(mm, address) != Errno.None)
                {
                    return FaultOutcome.MapError;
                }

                id = space.Vmas.Lookup(address);
                Invariant.Require(!id.IsNone);
            }

            VmaFlags flags = machine.Vmas[id].Flags;
            if (!Allows(space, flags, access))
            {
                return FaultOutcome.AccessError;
            }

            // An instruction fetch brings the page as a read does, and is refused when it is repeated.
            FaultOutcome outcome = machine.HandleFault(space, id, address, access, logged);
            bool isRefused = access == FaultAccess.Execute && (flags & VmaFlags.Exec) == 0;
            return isRefused && outcome == FaultOutcome.Done ? FaultOutcome.AccessError : outcome;
        }

        private bool IsBelowStack(Mm mm, ulong address)
        {
            VmaId above = mm.Vmas.Find(address);
            return !above.IsNone && (machine.Vmas[above].Flags & VmaFlags.GrowsDown) != 0;
        }

        /// <summary>An access that the VMA allows. GUP comes in here.</summary>
        internal FaultOutcome HandleFault(Mm mm, VmaId id, ulong address, FaultAccess access, PrepareOutcome logged)
        {
            int leaf = machine.Tables.FindLeaf(mm, address);
            if (leaf == 0)
            {
                if (machine.MayMapHugeZeroPage(machine.Vmas[id], address)
                    && machine.PrepareVma(id, logged) != Errno.None)
                {
                    return FaultOutcome.OutOfMemory;
                }

                leaf = machine.Tables.EnsureLeaf(mm, address);
                if (leaf == 0)
                {
                    return FaultOutcome.OutOfMemory;
                }
            }

            PteRange at = PageTablePool.OnePage(leaf, address);
            ulong pte = machine.Tables.Entry(leaf, at.First);
            if (pte == 0)
            {
                if (TPages.Owner == PageOwner.Object && !machine.Vmas[id].IsShared)
                {
                    FoundPage found = TPages.Find(machine.Hooks, id, address);
                    if (found != default)
                    {
                        return machine.FoundFault(id, at, found, access);
                    }
                }

                if ((machine.Vmas[id].Flags & UserfaultFilling.WatchedForPages) != 0
                    && machine.Watched(id, at, access, logged) is var told and not FaultOutcome.Done)
                {
                    return told;
                }

                // The kernel's own pages have no object here: they count as anonymous ones.
                return machine.IsFilledAnonymously(machine.Vmas[id]) || machine.Vmas[id].IsSpecialMapping
                    ? machine.AnonymousFault(id, at, access, logged)
                    : machine.FileFault(id, at, access, logged);
            }

            if (!Pte.IsPresent(pte))
            {
                if (Pte.IsSwap(pte))
                {
                    return machine.SwapFault(id, at, access, logged);
                }

                // handle_pte_marker: VM_FAULT_SIGSEGV, which x86-64 reports as SEGV_MAPERR (seen on 6.18.44).
                Invariant.Require(Pte.IsGuard(pte));
                return FaultOutcome.MapError;
            }

            if (access != FaultAccess.Write)
            {
                return FaultOutcome.Done;
            }

            return Pte.IsWritable(pte) ? machine.Dirty(at) : machine.WriteProtectFault(id, at, pte, logged);
        }

        /// <summary>
        /// Whether a huge page may be tried here first: no leaf table yet, MADV_HUGEPAGE, and the 2 MiB lie inside the
        /// VMA (thp_vma_suitable_order). Then even a read prepares, since a huge zero page is put in under an anon_vma
        /// (do_huge_pmd_anonymous_page). THP is "madvise", as on the reference machine.
        /// </summary>
        private bool MayMapHugeZeroPage(in Vma vma, ulong address)
        {
            if ((vma.Flags & (VmaFlags.HugePage | VmaFlags.Shared)) != VmaFlags.HugePage
                || !machine.IsFilledAnonymously(vma))
            {
                return false;
            }

            ulong start = address & ~(PageTablePool.LeafBytes - 1);
            return start >= vma.Start && start + PageTablePool.LeafBytes <= vma.End;
        }

        /// <summary>
        /// A write through a writable entry: the hardware sets its dirty bit, and MADV_FREE is over for the page.
        /// </summary>
        internal FaultOutcome Dirty(in PteRange at)
        {
            ref ulong entry = ref machine.Tables.Entry(at.Table, at.First);
            entry |= Pte.Dirty;
            ref Frame frame = ref machine.Frames[Pte.Frame(entry)];
            frame.Clear(FrameFlags.LazyFree);
            return FaultOutcome.Done;
        }
    }

    /// <summary>
    /// access_error of x86-64: what can be written or executed can be read, unless a protection key keeps data accesses
    /// off execute-only memory; whether it may be executed is not asked before the page is there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Allows(Mm mm, VmaFlags flags, FaultAccess access) => access switch
    {
        FaultAccess.Write => (flags & VmaFlags.Write) != 0,
        FaultAccess.Execute => (flags & VmaFlags.Access) != 0,
        _ => (flags & VmaFlags.Access) != 0 && ((flags & VmaFlags.Pkey) == 0 || !PkeyCalls.IsExecuteOnly(mm, flags)),
    };
}
