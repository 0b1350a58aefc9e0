using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>First access to a page of a file: do_read_fault, do_cow_fault, do_shared_fault.</summary>
internal static class FileFaults
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        internal FaultOutcome FileFault(VmaId id, in PteRange at, FaultAccess access, PrepareOutcome logged)
        {
            Inode inode = machine.World.Files[machine.Vmas[id].File];
            bool isPrivate = !machine.Vmas[id].IsShared;
            if (isPrivate && inode.Kind == FileKind.HugeTlb)
            {
                return machine.PrivateHugeTlbFault(id, at, logged);
            }

            // do_cow_fault prepares before it asks the file, so a write beyond the end prepares and then gets SIGBUS.
            bool copies = isPrivate && access == FaultAccess.Write;
            if (copies && machine.PrepareVma(id, logged) != Errno.None)
            {
                return FaultOutcome.OutOfMemory;
            }

            ulong pgoff = machine.Vmas[id].PgoffAt(at.Address);
            if (pgoff > Frames.Frame.IndexMax || inode.IsBeyondEnd(pgoff))
            {
                return FaultOutcome.Bus;
            }

            Pfn page = machine.World.Files.GetPage(inode, pgoff);
            if (page.IsNone)
            {
                return FaultOutcome.OutOfMemory;
            }

            if (copies)
            {
                machine.Counters.FaultCopied++;
                return machine.MapNewPage(id, at, page).IsNone ? FaultOutcome.OutOfMemory : FaultOutcome.Done;
            }

            machine.Counters.FaultFilePage++;
            return machine.MapPage(id, at, page, EntryBits(machine.Vmas[id], inode.Kind, access));
        }

        /// <summary>A page that exists already, of a file or of a memory object, is mapped where no page is.</summary>
        internal FaultOutcome MapPage(VmaId id, in PteRange at, Pfn page, ulong bits)
        {
            if (TPages.Reserve(machine.Hooks, id, at, ReserveReason.Map) != Errno.None)
            {
                return FaultOutcome.OutOfMemory;
            }

            machine.Tables.Put(at.Table, at.First, Pte.Make(page, bits));
            machine.Frames[page].MapCount++;
            TPages.Mapped(machine.Hooks, id, at);
            return FaultOutcome.Done;
        }

        /// <summary>
        /// A private hugetlbfs page is anonymous from the first access, read or write, and prepares (hugetlb_no_page).
        /// Pages are modelled 4 KiB at a time.
        /// </summary>
        private FaultOutcome PrivateHugeTlbFault(VmaId id, in PteRange at, PrepareOutcome logged)
        {
            if (machine.PrepareVma(id, logged) != Errno.None || machine.MapNewPage(id, at, default).IsNone)
            {
                return FaultOutcome.OutOfMemory;
            }

            machine.Counters.FaultNewPage++;
            return FaultOutcome.Done;
        }
    }

    /// <summary>
    /// Bits of an entry for a page-cache page. A read maps a shared page writable at once where nobody needs to know of
    /// the first write: shared memory has no write-back (vma_wants_writenotify).
    /// </summary>
    internal static ulong EntryBits(in Vma vma, FileKind kind, FaultAccess access)
    {
        if (!vma.IsShared || (vma.Flags & VmaFlags.Write) == 0)
        {
            return 0;
        }

        return access == FaultAccess.Write ? Pte.Write | Pte.Dirty : kind == FileKind.Regular ? 0 : Pte.Write;
    }
}
