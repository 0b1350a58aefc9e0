using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Lab.Scenarios;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Lab.LockStep;

// userfaultfd: every process has two, made when they are first named. Nobody waits for a monitor: faults get SIGBUS.
public sealed partial class KernelStage
{
    private const ulong CloseOnExecAndNonBlocking = 0x80800;
    private const ulong UserfaultApi = 0xaa;
    private const ulong SigbusFeature = 1 << 7;
    private const ulong ApiRequest = 0xc018aa3f;
    private const ulong RegisterRequest = 0xc020aa00;
    private const ulong UnregisterRequest = 0x8010aa01;
    private const ulong CopyRequest = 0xc028aa03;
    private const ulong ZeroPageRequest = 0xc020aa04;
    private const ulong MoveRequest = 0xc028aa05;
    private const ulong ContinueRequest = 0xc020aa07;

    private static bool IsOfUserfault(OpKind kind) => kind is OpKind.Watch or OpKind.Unwatch or OpKind.Forget
        or OpKind.FillCopy or OpKind.FillZero or OpKind.FillCache or OpKind.FillMove;

    private PuppetOutcome CallUserfault(Op op, ulong start, ulong length)
    {
        Actor actor = _actors[op.Mm];
        OpWords which = op.Words & OpWords.Other;
        if (op.Kind == OpKind.Forget)
        {
            return actor.Userfaults.Remove(which, out ulong closed)
                ? actor.Puppet.Call(SystemCallNumber.Close, closed)
                : default;
        }

        ulong descriptor = UserfaultOf(actor, which);
        Span<ulong> operands = MemoryMarshal.Cast<byte, ulong>(actor.Puppet.Operands);
        operands[..5].Clear();
        operands[0] = start;
        operands[1] = StageRequests.FillLength(op, _window);
        if (op.Kind is OpKind.FillCopy or OpKind.FillMove)
        {
            operands[2] = operands[1];
            operands[1] = op.Kind == OpKind.FillMove ? _window.Address(op.Target) : SourcePage(actor.Puppet, op.Value);
        }
        else if (op.Kind == OpKind.Watch)
        {
            operands[1] = length;
            operands[2] = (ulong)StageRequests.WatchModes(op);
        }

        return actor.Puppet.Call(SystemCallNumber.Ioctl, descriptor, RequestOf(op.Kind), Puppet.OperandsAddress);
    }

    private static ulong RequestOf(OpKind kind) => kind switch
    {
        OpKind.Watch => RegisterRequest,
        OpKind.Unwatch => UnregisterRequest,
        OpKind.FillCopy => CopyRequest,
        OpKind.FillZero => ZeroPageRequest,
        OpKind.FillCache => ContinueRequest,
        _ => MoveRequest,
    };

    private static ulong UserfaultOf(Actor actor, OpWords which)
    {
        if (!actor.Userfaults.TryGetValue(which, out ulong descriptor))
        {
            PuppetOutcome made = actor.Puppet.Call(SystemCallNumber.Userfaultfd, CloseOnExecAndNonBlocking);
            Span<ulong> operands = MemoryMarshal.Cast<byte, ulong>(actor.Puppet.Operands);
            operands[0] = UserfaultApi;
            operands[1] = SigbusFeature;
            operands[2] = 0;
            PuppetOutcome agreed = actor.Puppet.Call(
                SystemCallNumber.Ioctl, (ulong)made.Result, ApiRequest, Puppet.OperandsAddress);
            if (made.Error != 0 || agreed.Error != 0)
            {
                throw new KernelStageException($"no userfaultfd for a test process: {made}, {agreed}");
            }

            descriptor = (ulong)made.Result;
            actor.Userfaults.Add(which, descriptor);
        }

        return descriptor;
    }

    /// <summary>A page of the operands with the byte where scenarios look for it.</summary>
    private static ulong SourcePage(Puppet puppet, byte value)
    {
        Span<byte> page = puppet.Operands.Slice(Page.Size, Page.Size);
        page.Clear();
        page[Window.ByteInPage] = value;
        return Puppet.OperandsAddress + Page.Size;
    }

    /// <summary>A copy of its parent's descriptor would keep a context when its owner closes it.</summary>
    private static void CloseUserfaults(Actor parent, Puppet child)
    {
        foreach (ulong descriptor in parent.Userfaults.Values)
        {
            _ = child.Call(SystemCallNumber.Close, descriptor);
        }
    }
}
