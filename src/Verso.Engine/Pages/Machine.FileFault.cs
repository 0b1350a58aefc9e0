using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// First access to a page of a file: do_read_fault, do_cow_fault, do_shared_fault.
public sealed partial class Machine<TPages>
{
    private FaultOutcome FileFault(VmaId id, in PteRange at, FaultAccess access, PrepareOutcome logged)
    {
        Inode inode = World.Files[_vmas[id].File];
        bool isPrivate = !_vmas[id].IsShared;
        if (isPrivate && inode.Kind == FileKind.HugeTlb)
        {
            return PrivateHugeTlbFault(id, at, logged);
        }

        // do_cow_fault prepares before it asks the file, so a write beyond the end prepares and then gets SIGBUS.
        bool copies = isPrivate && access == FaultAccess.Write;
        if (copies && PrepareVma(id, logged) != Errno.None)
        {
            return FaultOutcome.OutOfMemory;
        }

        ulong pgoff = _vmas[id].PgoffAt(at.Address);
        if (pgoff > Frames.Frame.IndexMax || inode.IsBeyondEnd(pgoff))
        {
            return FaultOutcome.Bus;
        }

        Pfn page = World.Files.GetPage(inode, pgoff);
        if (page.IsNone)
        {
            return FaultOutcome.OutOfMemory;
        }

        if (copies)
        {
            _counters.FaultCopied++;
            return MapNewPage(id, at, page).IsNone ? FaultOutcome.OutOfMemory : FaultOutcome.Done;
        }

        _counters.FaultFilePage++;
        return MapPage(id, at, page, EntryBits(_vmas[id], inode.Kind, access));
    }

    /// <summary>
    /// Bits of an entry for a page-cache page. A read maps a shared page writable at once where nobody needs to know of
    /// the first write: shared memory has no write-back (vma_wants_writenotify).
    /// </summary>
    private static ulong EntryBits(in Vma vma, FileKind kind, FaultAccess access)
    {
        if (!vma.IsShared || (vma.Flags & VmaFlags.Write) == 0)
        {
            return 0;
        }

        return access == FaultAccess.Write ? Pte.Write | Pte.Dirty : kind == FileKind.Regular ? 0 : Pte.Write;
    }

    /// <summary>A page that exists already, of a file or of a memory object, is mapped where no page is.</summary>
    private FaultOutcome MapPage(VmaId id, in PteRange at, Pfn page, ulong bits)
    {
        if (TPages.Reserve(_hooks, id, at, ReserveReason.Map) != Errno.None)
        {
            return FaultOutcome.OutOfMemory;
        }

        _tables.Put(at.Table, at.First, Pte.Make(page, bits));
        _frames[page].MapCount++;
        TPages.Mapped(_hooks, id, at);
        return FaultOutcome.Done;
    }

    /// <summary>
    /// A private hugetlbfs page is anonymous from the first access, read or write, and prepares (hugetlb_no_page).
    /// Pages are modelled 4 KiB at a time.
    /// </summary>
    private FaultOutcome PrivateHugeTlbFault(VmaId id, in PteRange at, PrepareOutcome logged)
    {
        if (PrepareVma(id, logged) != Errno.None || MapNewPage(id, at, default).IsNone)
        {
            return FaultOutcome.OutOfMemory;
        }

        _counters.FaultNewPage++;
        return FaultOutcome.Done;
    }
}
