using Verso.Engine.PageTables;

namespace Verso.Engine;

// Population without an access of a task: populate_vma_page_range, faultin_page_range.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    public override Errno Populate(MmId mm, ulong start, ulong length, FaultAccess access)
    {
        ulong end = start + length;
        Mm space = _mms[mm];
        for (ulong address = Page.AlignDown(start); address < end; address += Page.Size)
        {
            if (PageTablePool.SlotOf(address) == 0)
            {
                World.Options.Cancellation.ThrowIfCancellationRequested();
            }

            FaultOutcome outcome = Touch(space, address, access);
            if (outcome != FaultOutcome.Done)
            {
                bool isHole = outcome == FaultOutcome.MapError && Lookup(space, address).IsNone;
                return isHole || outcome == FaultOutcome.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
            }
        }

        return Errno.None;
    }

    /// <summary>
    /// An access that faults only where the entry does not already allow it. No stack grows: GUP does not expand them.
    /// MapError where nothing is mapped, and at a guard marker.
    /// </summary>
    private FaultOutcome Touch(Mm mm, ulong address, FaultAccess access)
    {
        VmaId id = Lookup(mm, address);
        if (id.IsNone)
        {
            return FaultOutcome.MapError;
        }

        if (!Allows(mm, _vmas[id].Flags, access))
        {
            return FaultOutcome.AccessError;
        }

        ulong pte = _tables.Read(mm, address);
        bool allowed = access == FaultAccess.Write ? Pte.IsWritable(pte) : Pte.IsPresent(pte);
        if (allowed)
        {
            return FaultOutcome.Done;
        }

        _counters.FaultCount++;
        return HandleFault(mm, id, address, access, PrepareOutcome.Derive);
    }
}
