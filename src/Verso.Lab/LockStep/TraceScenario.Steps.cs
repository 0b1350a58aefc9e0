using Verso.Engine;
using Verso.Lab.Scenarios;
using Verso.Traces;

namespace Verso.Lab.LockStep;

// What one address space does.
public sealed partial class TraceScenario
{
    private const Advice NotReproducible = (Advice)(-1);

    private void AddStep(char mm, in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.Fault:
                Touch(mm, e.Arg0, (TraceAccess)e.Arg1);
                break;
            case TraceEventKind.Prepare or TraceEventKind.StackGrow:
                Write(mm, _window.PageOf(e.Arg0));
                break;
            case TraceEventKind.Populate:
                for (ulong page = 0; page < Math.Min(e.Arg1 >> Page.Shift, MostPopulated); page++)
                {
                    Touch(mm, e.Arg0 + (page << Page.Shift), (TraceAccess)e.Arg2);
                }

                break;
            case TraceEventKind.Brk:
                MoveBreak(mm, (ulong)e.Result);
                break;
            case var _ when e.IsCall:
                if (!Replay.CallRules.IsError(e.Result) && Page.IsAligned(e.Arg0) && StepOf(mm, e) is Op op)
                {
                    _ops.Add(op);
                }

                break;
        }
    }

    private Op? StepOf(char mm, in TraceEvent e) => e.Kind switch
    {
        TraceEventKind.Mmap => Map(mm, e),
        TraceEventKind.Munmap => Ranged(OpKind.Unmap, mm, e),
        TraceEventKind.Mprotect => Ranged(OpKind.Protect, mm, e) with { Protection = ProtectionOf(e.Arg2) },
        TraceEventKind.Mremap => Remap(mm, e),
        TraceEventKind.Madvise when AdviceOf(e.Arg2) is Advice advice and not NotReproducible =>
            Ranged(OpKind.Advise, mm, e) with { Advice = advice },
        TraceEventKind.Mlock => Ranged(OpKind.Lock, mm, e) with
        {
            Words = e.Arg2 == 1 ? OpWords.OnFault : OpWords.None,
        },
        TraceEventKind.Munlock => Ranged(OpKind.Unlock, mm, e),
        TraceEventKind.Mlockall => new Op(OpKind.LockAll, mm)
        {
            Words = ((e.Arg0 & (ulong)LockAll.Current) != 0 ? OpWords.Current : 0)
                | ((e.Arg0 & (ulong)LockAll.Future) != 0 ? OpWords.Future : 0)
                | ((e.Arg0 & (ulong)LockAll.OnFault) != 0 ? OpWords.OnFault : 0),
        },
        TraceEventKind.Munlockall => new Op(OpKind.UnlockAll, mm),
        TraceEventKind.Mbind => Ranged(OpKind.Policy, mm, e) with { Value = (byte)(e.Arg2 == 0 ? 0 : 1) },
        _ => null,
    };

    private Op? Map(char mm, in TraceEvent e)
    {
        MapFlags flags = (MapFlags)e.Arg3;
        bool isAnonymous = (flags & MapFlags.Anonymous) != 0;
        WindowFile? file = null;
        bool isKnown = isAnonymous || _fileOf.TryGetValue(e.Arg4, out file);
        if (!isKnown || (flags & MapFlags.HugeTlb) != 0)
        {
            return null;
        }

        bool isFixed = (flags & MapFlags.Fixed) != 0;
        return new Op(isAnonymous ? OpKind.Map : OpKind.File, mm)
        {
            Start = _window.PageOf((ulong)e.Result),
            Count = PagesOf(e.Arg1),
            Protection = ProtectionOf(e.Arg2),
            Other = file?.Letter ?? '\0',
            Target = isAnonymous ? 0 : (long)(e.Arg5 >> Page.Shift),
            Words = (isFixed ? 0 : OpWords.Hint) | WordsOf(flags),
        };
    }

    private static OpWords WordsOf(MapFlags flags) =>
        ((flags & MapFlags.TypeMask) is MapFlags.Shared or MapFlags.SharedValidate ? OpWords.Shared : 0)
        | ((flags & MapFlags.TypeMask) == MapFlags.Droppable ? OpWords.Droppable : 0)
        | ((flags & MapFlags.Populate) != 0 ? OpWords.Populate : 0)
        | ((flags & MapFlags.Locked) != 0 ? OpWords.Locked : 0)
        | ((flags & MapFlags.NoReserve) != 0 ? OpWords.NoReserve : 0)
        | ((flags & MapFlags.GrowsDown) != 0 ? OpWords.GrowsDown : 0);

    /// <summary>A mapping that moved goes where it went.</summary>
    private Op Remap(char mm, in TraceEvent e)
    {
        RemapFlags flags = (RemapFlags)e.Arg3;
        bool hasMoved = (ulong)e.Result != e.Arg0;
        return Ranged(OpKind.Remap, mm, e) with
        {
            NewCount = PagesOf(e.Arg2),
            Target = hasMoved ? _window.PageOf((ulong)e.Result) : 0,
            Words = (hasMoved ? OpWords.MayMove | OpWords.Fixed : 0)
                | ((flags & RemapFlags.MayMove) != 0 ? OpWords.MayMove : 0)
                | ((flags & RemapFlags.DontUnmap) != 0 ? OpWords.DontUnmap : 0),
        };
    }

    private void MoveBreak(char mm, ulong now)
    {
        ulong old = Page.AlignUp(_breaks[mm]);
        ulong end = Page.AlignUp(now);
        _breaks[mm] = now;
        if (end != old)
        {
            _ops.Add(new Op(end > old ? OpKind.Map : OpKind.Unmap, mm)
            {
                Start = _window.PageOf(Math.Min(old, end)),
                Count = (long)((Math.Max(old, end) - Math.Min(old, end)) >> Page.Shift),
                Protection = end > old ? Protection.Read | Protection.Write : Protection.None,
            });
        }
    }

    private void Touch(char mm, ulong address, TraceAccess access)
    {
        long page = _window.PageOf(address);
        if ((access & TraceAccess.Write) != 0)
        {
            Write(mm, page);
        }
        else
        {
            _ops.Add(new Op(OpKind.Read, mm) { Start = page });
        }
    }

    private Op Ranged(OpKind kind, char mm, in TraceEvent e) => new(kind, mm)
    {
        Start = _window.PageOf(e.Arg0),
        Count = PagesOf(e.Arg1),
    };

    /// <summary>Advice that needs swap, huge pages or KSM has no one outcome.</summary>
    private static Advice AdviceOf(ulong value) => (Advice)value is var advice && Enum.IsDefined(advice)
        && advice is not (Advice.HugePage or Advice.NoHugePage or Advice.Collapse or Advice.PageOut or Advice.Cold
            or Advice.Mergeable or Advice.Unmergeable or Advice.WillNeed)
        ? advice
        : NotReproducible;

    private static Protection ProtectionOf(ulong value) =>
        (Protection)value & (Protection.Read | Protection.Write | Protection.Exec);

    private static long PagesOf(ulong bytes) => (long)(Page.AlignUp(bytes) >> Page.Shift);
}
