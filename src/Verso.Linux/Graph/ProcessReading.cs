using Verso.Traces.Snapshots;

namespace Verso.Linux.Graph;

/// <summary>A process as it was read, and what tells later whether it still is so.</summary>
/// <param name="Process">The process.</param>
/// <param name="Execs">Its number of execs, up to a constant.</param>
/// <param name="Sequence"><c>mm->mm_lock_seq</c> when it was read.</param>
/// <param name="Order">Its place among all readings: who was read before whom.</param>
internal sealed record ProcessReading(ProcessGraph Process, uint Execs, uint Sequence, int Order)
{
    /// <summary>Whether it is this process, and has an address space.</summary>
    internal bool Lives(Dictionary<int, Holder> holders) =>
        holders.TryGetValue(Process.Pid, out var holder) && holder.StartTime == Process.StartNanoseconds;

    /// <summary>Whether it has had the address space that was read ever since.</summary>
    internal bool IsHeld(Dictionary<int, Holder> holders) =>
        Lives(holders) && holders[Process.Pid] is var holder
        && holder.Mm == Process.Image.Identity && holder.Execs == Execs;

    /// <summary>Whether the address space has been as it was read ever since.</summary>
    internal bool IsSteady(Dictionary<int, Holder> holders) =>
        IsHeld(holders) && Process.Reading == GraphReading.Whole && holders[Process.Pid].Sequence == Sequence;
}

/// <summary>Who has which address space at one moment.</summary>
/// <param name="StartTime">When the process started, in nanoseconds of CLOCK_BOOTTIME.</param>
/// <param name="Mm">Its address space; 0: it changed while it was looked at.</param>
/// <param name="Execs">As in <see cref="ProcessReading"/>.</param>
/// <param name="Sequence">The same.</param>
internal sealed record Holder(ulong StartTime, ulong Mm, uint Execs, uint Sequence);
