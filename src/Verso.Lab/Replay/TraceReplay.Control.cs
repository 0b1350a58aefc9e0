using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

// prctl, as far as it concerns memory.
public sealed partial class TraceReplay
{
    private const ulong SetMm = 35;
    private const ulong SetThpDisable = 41;
    private const ulong SetMdwe = 65;
    private const ulong SetMemoryMerge = 67;

    /// <summary>Runs a prctl; false if the engine has no such operation.</summary>
    private bool TryControl(MmId id, in TraceEvent e, out SyscallResult result)
    {
        result = SyscallResult.Ok();
        switch (e.Arg0)
        {
            case SetMm:
                return TrySetBounds(_machine.World.Mms[id], e);
            case SetThpDisable:
                // Huge pages are not modelled, and no VMA changes.
                return true;
            case SetMdwe:
                result = _machine.DenyExecGain(id, e.Arg1);
                return true;
            case SetMemoryMerge:
                result = _machine.SetMemoryMerge(id, e.Arg1 == 0 ? MemoryMerge.None : MemoryMerge.Any);
                return true;
            case CallRules.SetVma when e.Arg4 == 0 || e.Payload is string:
                result = _machine.SetName(id, e.Arg2, e.Arg3, e.Arg4 == 0 ? null : (string)e.Payload!);
                return true;
            default:
                return false;
        }
    }

    /// <summary>PR_SET_MM of the bounds that brk and the stack depend on.</summary>
    private static bool TrySetBounds(Mm mm, in TraceEvent e)
    {
        const ulong StartStack = 5;
        const ulong StartBrk = 6;
        const ulong Brk = 7;
        switch (e.Arg1)
        {
            case StartStack:
                mm.StartStack = e.Arg2;
                return true;
            case StartBrk:
                mm.StartBrk = e.Arg2;
                return true;
            case Brk:
                mm.Brk = e.Arg2;
                return true;
            default:
                return false;
        }
    }
}
