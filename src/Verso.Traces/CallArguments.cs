using Verso.Engine.Calls;

namespace Verso.Traces;

/// <summary>From the registers of a system call to the arguments of an event.</summary>
public static class CallArguments
{
    private const ulong NoKey = ulong.MaxValue;

    /// <summary>
    /// Makes an event that call. Which open file a descriptor is, the result, and what needs
    /// <see cref="CallReaders.Recorder"/>, are not in registers.
    /// </summary>
    /// <param name="row">What is asked for.</param>
    /// <param name="call">By which system call.</param>
    /// <param name="registers">The first six, or as many as it has; what is not there is 0.</param>
    /// <param name="e">The event; task, address space and time stay.</param>
    public static void Read(CallRow row, SystemCall call, ReadOnlySpan<ulong> registers, ref TraceEvent e)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(call);
        e.Kind = (TraceEventKind)row.Kind;
        for (int at = 0; at < ArgumentCount; at++)
        {
            bool isGiven = at < call.Registers.Count && call.Registers[at] < registers.Length;
            ulong value = isGiven ? registers[call.Registers[at]] : 0;
            ArgumentKind kind = at < row.Arguments.Count ? row.Arguments[at] : ArgumentKind.Number;
            e.SetArgument(at, kind switch
            {
                ArgumentKind.File => 0,
                ArgumentKind.Key => isGiven ? (ulong)(int)value : NoKey,
                _ => value,
            });
        }
    }

    private const int ArgumentCount = 6;
}
