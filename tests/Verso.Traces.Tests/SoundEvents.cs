using Verso.Engine;
using Verso.Engine.Images;

namespace Verso.Traces.Tests;

/// <summary>Makes random events such as a recorder could write: values of the right range, graphs that add up.</summary>
internal static class SoundEvents
{
    private const ulong MostLost = 1UL << 40;

    public static TraceEvent Of(TraceEvent e)
    {
        bool hasSpace = e.Kind is TraceEventKind.Fork or TraceEventKind.Exec or (>= TraceEventKind.MmExit and <= TraceEventKind.Checkpoint);
        e.Mm = hasSpace ? Math.Max(e.Mm, 1) : e.Mm;
        switch (e.Kind)
        {
            case TraceEventKind.FileDefined:
                FileIdentity file = e.Payload as FileIdentity ?? new(default, FileKind.Regular, 1, 2, 3, "");
                e.Payload = file.File.IsNone ? file with { File = new FileId(1) } : file;
                break;
            case TraceEventKind.Attach or TraceEventKind.Checkpoint:
                e.Payload ??= new MmImage { Vmas = [], AnonVmas = [] };
                break;
            case TraceEventKind.Fork or TraceEventKind.Exec:
                e.Arg0 = 1 + (e.Arg0 % 9);
                e.Arg0 += e.Arg0 == (ulong)e.Mm ? 1UL : 0;
                break;
            case TraceEventKind.Mmap or TraceEventKind.Shmat or TraceEventKind.Mremap:
                e.Arg4 = e.Kind == TraceEventKind.Mremap ? e.Arg4 : e.Arg4 & int.MaxValue;
                e.Result = e.Result is < 0 and >= -4095 ? e.Result : (long)Page.AlignDown((ulong)e.Result % Page.TaskSize);
                break;
            case TraceEventKind.Fault:
                (e.Arg1, e.Arg2) = (e.Arg1 % 8, e.Arg2 % 3);
                break;
            case TraceEventKind.Prepare:
                (e.Arg1, e.Arg2) = (e.Arg1 % 3, e.Arg2 % 2);
                break;
            case TraceEventKind.Populate:
                e.Arg2 %= 8;
                break;
            case TraceEventKind.Truncate or TraceEventKind.Fallocate:
                e.Arg0 &= int.MaxValue;
                break;
            case TraceEventKind.StackFrame:
                e.Arg0 = 1 + (e.Arg0 % int.MaxValue);
                (e.Arg1, e.Arg2) = (e.Arg1 % e.Arg0, e.Arg2 & int.MaxValue);
                break;
            case TraceEventKind.FrameName:
                e.Arg0 = 1 + (e.Arg0 % int.MaxValue);
                e.Payload ??= "main";
                break;
            case TraceEventKind.CalledFrom:
                e.Arg0 &= int.MaxValue;
                break;
            case TraceEventKind.Lost:
                e.Arg0 %= MostLost;
                break;
        }

        return e;
    }

    /// <summary>The same VMAs, their anon_vmas in one tree, with the counts that they have.</summary>
    public static MmImage Tree(MmImage image)
    {
        ulong[] ids = [.. image.AnonVmas.Select(node => node.Id)];
        ulong[] parents = [.. ids.Select((id, at) => ids[at == 0 ? 0 : (int)(id % (ulong)at)])];
        return image with
        {
            AnonVmas =
            [
                .. ids.Select((id, at) => new AnonVmaImage(
                    id,
                    ids[0],
                    parents[at],
                    parents.Count(parent => parent == id),
                    image.Vmas.Count(vma => vma.AnonVma == id))),
            ],
        };
    }
}
