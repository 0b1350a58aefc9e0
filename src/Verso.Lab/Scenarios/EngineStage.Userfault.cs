using Verso.Engine;

namespace Verso.Lab.Scenarios;

// userfaultfd: every process has two, made when they are first named. Nobody waits for a monitor: faults get SIGBUS.
public sealed partial class EngineStage
{
    private readonly Dictionary<(char Mm, OpWords Which), int> _contexts = [];

    private SyscallResult CallUserfault(MmId mm, Op op, ulong start, ulong length)
    {
        (char, OpWords) which = (op.Mm, op.Words & OpWords.Other);
        if (op.Kind == OpKind.Forget)
        {
            if (_contexts.Remove(which, out int closed))
            {
                Machine.ReleaseUserfault(mm, closed);
            }

            return SyscallResult.Ok();
        }

        if (!_contexts.TryGetValue(which, out int context))
        {
            context = Machine.World.Userfaults.Open(UserfaultFeatures.Sigbus);
            _contexts.Add(which, context);
        }

        return op.Kind switch
        {
            OpKind.Watch => Machine.RegisterUserfault(mm, context, start, length, StageRequests.WatchModes(op)),
            OpKind.Unwatch => Machine.UnregisterUserfault(mm, context, start, length),
            OpKind.FillCopy or OpKind.FillZero or OpKind.FillCache or OpKind.FillMove => Fill(mm, op, context, start),
            _ => throw new InvalidOperationException($"no call for {op}"),
        };
    }

    private SyscallResult Fill(MmId mm, Op op, int context, ulong start)
    {
        ulong source = op.Kind == OpKind.FillMove ? Window.Address(op.Target) : 0;
        SyscallResult filled = Machine.FillUserfault(mm, new UserfaultFill(
            StageRequests.FillAction(op), context, start, StageRequests.FillLength(op, Window), source));
        if (op.Kind == OpKind.FillCopy && filled.Errno == Errno.None)
        {
            Pfn frame = Machine.PageAt(mm, Window.AccessAddress(op.Start)).Frame;
            Machine.World.Frames.Bytes(frame)[Scenarios.Window.ByteInPage] = op.Value;
        }

        return filled;
    }

    /// <summary>
    /// What a process had goes with it, and from memory that others share; its copies in children were closed when
    /// they were made.
    /// </summary>
    private void CloseContexts(char letter, MmId mm)
    {
        foreach (OpWords which in (OpWords[])[OpWords.None, OpWords.Other])
        {
            if (_contexts.Remove((letter, which), out int closed) && Machine.World.Mms.IsLive(mm))
            {
                Machine.ReleaseUserfault(mm, closed);
            }
        }
    }
}
