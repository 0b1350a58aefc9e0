using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Lab.Scenarios;
using Verso.Linux.Puppets;
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
                MoveBreak(mm, e);
                break;
            case TraceEventKind.DriverMapping or TraceEventKind.UserfaultRelease or TraceEventKind.UserfaultFork:
                // What a driver, a close or a fork did, which no program asked for.
                break;
            case var _ when e.IsCall:
                AddCall(mm, e);
                break;
        }
    }

    private void AddCall(char mm, in TraceEvent e)
    {
        bool isRefused = e.IsRefused;
        bool isPlayable = !TouchesPuppet(e) && (!isRefused || RefusedSteps.MayBeTaken(e));
        if (!isPlayable || StepOf(mm, e) is not Op op)
        {
            LeaveOut(e.Kind);
            return;
        }

        if (isRefused)
        {
            _refused.Add(_ops.Count, e.Errno);
        }

        _ops.Add(op);
    }

    /// <summary>Where the process that takes the steps lives itself, nothing but a hint is given.</summary>
    private static bool TouchesPuppet(in TraceEvent e) =>
        e.Arg0 < Puppet.ImageEnd && (e.Arg1 > Puppet.ImageEnd || e.Arg0 + e.Arg1 > Puppet.ImageStart)
        && CallTable.Find(e.Call) is { Arguments: [ArgumentKind.Address or ArgumentKind.Hint, ArgumentKind.Length, ..] }
        && (e.Kind != TraceEventKind.Mmap || ((MapFlags)e.Arg3 & MapFlags.Fixed) != 0);

    private Op? StepOf(char mm, in TraceEvent e) => e.Kind switch
    {
        TraceEventKind.Mmap => Map(mm, e),
        TraceEventKind.Munmap => Ranged(OpKind.Unmap, mm, e),
        TraceEventKind.Mprotect => Ranged(OpKind.Protect, mm, e) with
        {
            Protection = ProtectionOf(e.Arg2),
            Words = ((Protection)e.Arg2 & Protection.GrowsDown) != 0 ? OpWords.GrowsDown : OpWords.None,
        },
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
        TraceEventKind.Mseal when e.Arg2 == 0 => Ranged(OpKind.Seal, mm, e),
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

        bool isRefused = e.IsRefused;
        bool isFixed = (flags & (MapFlags.Fixed | MapFlags.FixedNoReplace)) != 0;
        ulong start = isRefused ? e.Arg0 : (ulong)e.Result;
        bool isAnywhere = isRefused && !isFixed && start == 0;
        return new Op(isAnonymous ? OpKind.Map : OpKind.File, mm)
        {
            Start = isAnywhere ? Op.Anywhere : _window.PageOf(start),
            Count = WholePages(e.Arg1),
            Protection = ProtectionOf(e.Arg2),
            Other = file?.Letter ?? '\0',
            Target = isAnonymous ? 0 : WholePages(e.Arg5),
            Words = WordsOf(flags) | (isAnywhere || (flags & MapFlags.Fixed) != 0 ? 0
                : isRefused && isFixed ? OpWords.NoReplace : OpWords.Hint),
            Odd = new OddBytes(Beyond(start), Beyond(e.Arg1), 0, isAnonymous ? 0 : Beyond(e.Arg5)),
        };
    }

    private static OpWords WordsOf(MapFlags flags) =>
        ((flags & MapFlags.TypeMask) is MapFlags.Shared or MapFlags.SharedValidate ? OpWords.Shared : 0)
        | ((flags & MapFlags.TypeMask) == MapFlags.Droppable ? OpWords.Droppable : 0)
        | ((flags & MapFlags.Populate) != 0 ? OpWords.Populate : 0)
        | ((flags & MapFlags.Locked) != 0 ? OpWords.Locked : 0)
        | ((flags & MapFlags.NoReserve) != 0 ? OpWords.NoReserve : 0)
        | ((flags & MapFlags.GrowsDown) != 0 ? OpWords.GrowsDown : 0);

    /// <summary>A mapping that moved goes where it went; one that was not let, where it was to go.</summary>
    private Op Remap(char mm, in TraceEvent e)
    {
        RemapFlags flags = (RemapFlags)e.Arg3;
        bool isRefused = e.IsRefused;
        bool isPlaced = isRefused ? (flags & RemapFlags.Fixed) != 0 : (ulong)e.Result != e.Arg0;
        ulong target = !isPlaced ? 0 : isRefused ? e.Arg4 : (ulong)e.Result;
        return Ranged(OpKind.Remap, mm, e) with
        {
            NewCount = WholePages(e.Arg2),
            Target = isPlaced ? _window.PageOf(target) : 0,
            Words = (isPlaced ? OpWords.Fixed | (isRefused ? 0 : OpWords.MayMove) : 0)
                | ((flags & RemapFlags.MayMove) != 0 ? OpWords.MayMove : 0)
                | ((flags & RemapFlags.DontUnmap) != 0 ? OpWords.DontUnmap : 0),
            Odd = new OddBytes(Beyond(e.Arg0), Beyond(e.Arg1), Beyond(e.Arg2), Beyond(target)),
        };
    }

    private void MoveBreak(char mm, in TraceEvent e)
    {
        ulong now = (ulong)e.Result;
        if (e.Arg0 != now && e.Arg0 != 0)
        {
            LeaveOut(e.Kind);
        }

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
        Count = WholePages(e.Arg1),
        Odd = new OddBytes(Beyond(e.Arg0), Beyond(e.Arg1), 0, 0),
    };

    /// <summary>Advice that needs swap, huge pages or KSM has no one outcome.</summary>
    private static Advice AdviceOf(ulong value) => (Advice)value is var advice && Enum.IsDefined(advice)
        && advice is not (Advice.HugePage or Advice.NoHugePage or Advice.Collapse or Advice.PageOut or Advice.Cold
            or Advice.Mergeable or Advice.Unmergeable or Advice.WillNeed)
        ? advice
        : NotReproducible;

    private static Protection ProtectionOf(ulong value) =>
        (Protection)value & (Protection.Read | Protection.Write | Protection.Exec);

    private static long WholePages(ulong bytes) => (long)(bytes >> Page.Shift);

    /// <summary>Bytes beyond whole pages.</summary>
    private static int Beyond(ulong bytes) => (int)(bytes % Page.Size);
}
