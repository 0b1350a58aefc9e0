using Verso.Engine.Vmas;
using Verso.Linux.Interop;
using Verso.Traces;

namespace Verso.Linux.Recording;

// mm_populate: pages that a call brings in itself, which no fault event shows.
internal sealed unsafe partial class EventDecoder
{
    private void EmitPopulation(
        in TraceEvent call, in CallRecord record, in Outcome outcome, ResultFlags flags, ulong time)
    {
        // aio_setup_ring has do_mmap say what to populate, and does not do it.
        if (CallOf(record.Head) == RecordedCall.IoSetup)
        {
            return;
        }

        PopulationFacts facts = new()
        {
            OldBreak = CallOf(record.Head) == RecordedCall.Brk ? record.Arg1 : 0,
            LocksFuture = (flags & ResultFlags.LocksFuture) != 0,
            IsLocked = ((VmaFlags)outcome.VmaFlags & VmaFlags.LockedMask) == VmaFlags.Locked,
        };
        if (CallPopulation.TryFind(call, facts, out var populate))
        {
            populate.Time = Since(time);
            sequencer.Add(populate);
        }
    }
}
