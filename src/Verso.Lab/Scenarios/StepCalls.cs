using Verso.Engine;
using Verso.Engine.Calls;

namespace Verso.Lab.Scenarios;

/// <summary>The call that a step is, for the engine and for the kernel.</summary>
internal static class StepCalls
{
    /// <summary>
    /// Its arguments, but for what a stage has: open files and segments. Null if a step is no call, or one of a
    /// userfaultfd.
    /// </summary>
    public static Call? Of(Op op, Window window)
    {
        ulong start = StageRequests.Start(op, window);
        switch (op.Kind)
        {
            case OpKind.Map or OpKind.File:
                MmapRequest map = StageRequests.Mmap(op, window, start);
                return new Call(CallKind.Mmap)
                {
                    Arg0 = start,
                    Arg1 = map.Length,
                    Arg2 = (ulong)map.Protection,
                    Arg3 = (ulong)map.Flags,
                    Arg5 = map.Offset,
                };
            case OpKind.Remap:
                MremapRequest remap = StageRequests.Mremap(op, window);
                return new Call(CallKind.Mremap)
                {
                    Arg0 = remap.OldAddress,
                    Arg1 = remap.OldLength,
                    Arg2 = remap.NewLength,
                    Arg3 = (ulong)remap.Flags,
                    Arg4 = remap.NewAddress,
                };
            case OpKind.Attach:
                return new Call(CallKind.Shmat) { Arg1 = start, Arg2 = StageRequests.AttachFlags(op) };
            case OpKind.Vdso:
                return new Call(CallKind.ArchPrctl) { Arg0 = CallTable.MapVdso64, Arg1 = start };
            case OpKind.MergeAny:
                return Control(MemoryControl.SetMemoryMerge) with { Arg1 = op.Has(OpWords.Off) ? 0u : 1u };
            case OpKind.DenyExec:
                return Control(MemoryControl.SetMdwe) with { Arg1 = StageRequests.DenialBits(op) };
            case OpKind.Name:
                return Control(MemoryControl.SetVma) with
                {
                    Arg2 = start,
                    Arg3 = StageRequests.Length(op, window),
                    Arg4 = op.Name is null ? 0u : 1u,
                    Text = op.Name,
                };
            default:
                return CallTable.OfVerb(OpText.VerbOf(op.Kind)) is CallRow { UsesContext: false } row
                    ? Plain(row, op, window)
                    : null;
        }
    }

    private static Call Control(MemoryControl option) => new(CallKind.Prctl) { Arg0 = (ulong)option };

    /// <summary>What a step says in the order in which the call has it.</summary>
    private static Call Plain(CallRow row, Op op, Window window)
    {
        Call call = new(row.Kind);
        for (int at = 0; at < row.Arguments.Count; at++)
        {
            call = call.With(at, row.Arguments[at] switch
            {
                ArgumentKind.Address or ArgumentKind.Break => StageRequests.Start(op, window),
                ArgumentKind.Length => StageRequests.Length(op, window),
                ArgumentKind.Prot => (ulong)StageRequests.Protect(op),
                ArgumentKind.Madv => (ulong)op.Advice,
                ArgumentKind.Mcl => (ulong)StageRequests.LockFlags(op),
                ArgumentKind.Key => ulong.MaxValue,
                ArgumentKind.Number => op.Value,
                ArgumentKind.Hex => StageRequests.FlagBits(op),
                _ => 0,
            });
        }

        return call;
    }
}
