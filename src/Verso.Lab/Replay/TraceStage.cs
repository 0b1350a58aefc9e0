using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Playing;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// Takes the events of a trace on a machine. VMAs and reverse map are derived from the operations alone: a checkpoint
/// corrects nothing.
/// </summary>
/// <remarks>
/// From the kernel's internals the trace gives only: the order of events (that of the mmap lock), addresses the
/// kernel chose, which address was populated by whom, how races of anon_vma preparations and of forks ended, and the
/// layout exec or attach began with. Memory is bounded by what lives; an event allocates nothing, apart from address
/// spaces and mismatches.
/// </remarks>
/// <param name="machine">The machine, which nobody else changes.</param>
/// <param name="header">What the trace says of itself.</param>
internal sealed partial class TraceStage(Machine machine, TraceHeader header) : StepTaker<TraceEvent, EventOutcome>
{
    private const int MismatchLimit = 20;

    private readonly Machine _machine = machine;
    private readonly int _maxMapCount = header.MaxMapCount;
    private readonly AddressSpaces _spaces = new();
    private readonly OpenFiles _files = new(machine);
    private readonly CallTally _calls = new(MismatchLimit);
    private readonly ReplayTally _tally = new();
    private long _number;

    /// <inheritdoc/>
    public override Machine Machine => _machine;

    /// <summary>The address spaces that are live.</summary>
    public AddressSpaces Live => _spaces;

    /// <summary>The files that the trace has named.</summary>
    public OpenFiles Files => _files;

    /// <summary>What became of its calls.</summary>
    public CallTally Calls => _calls;

    /// <summary>What it met besides calls.</summary>
    public ReplayTally Tally => _tally;

    /// <summary>Is told which event the locks taken next are of; null: nobody is.</summary>
    public IReplayLockLog? Locks { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<PlayedSpace> Spaces => _spaces.Live
        .OrderBy(space => space.TraceId).Select(space => new PlayedSpace($"{space.TraceId}", space.Mm));

    /// <inheritdoc/>
    public override EventOutcome Take(in TraceEvent step)
    {
        _number++;
        _machine.World.Locks.Task = step.Task;
        Locks?.Event(_number, step);
        switch (step.Kind)
        {
            case TraceEventKind.Fault:
                return OnFault(step);
            case TraceEventKind.DriverMapping:
                _drivers[step.Task] = new DriverFacts((VmaFlags)step.Arg0, (DriverTraits)(byte)step.Arg1);
                break;
            case TraceEventKind.UserfaultFill:
                OnUserfaultFill(step);
                break;
            case TraceEventKind.UserfaultRelease:
                OnUserfaultRelease(step);
                break;
            case TraceEventKind.UserfaultFork:
                OnUserfaultFork(step);
                break;
            case var _ when step.IsCall:
                OnCall(step);
                break;
            case TraceEventKind.Prepare:
                OnPrepare(step);
                break;
            case TraceEventKind.StackGrow:
                Count(_machine.GrowStack(SpaceOf(step.Mm).Mm, step.Arg0));
                break;
            case TraceEventKind.Populate:
                OnPopulate(step);
                break;
            case TraceEventKind.Truncate:
                OnTruncate(step);
                break;
            case TraceEventKind.Fallocate:
                OnFallocate(step);
                break;
            case TraceEventKind.Checkpoint:
                return OnCheckpoint(step);
            default:
                ApplyLife(step);
                break;
        }

        return default;
    }

    /// <summary>Every process ends, as far as the trace has not said so.</summary>
    public void EndAll()
    {
        foreach (Space space in _spaces.Live.ToList())
        {
            _machine.ReleaseMm(space.Mm);
            _spaces.Remove(space);
        }
    }

    /// <summary>Preparations and stack growth that the engine refused: it has no such VMA.</summary>
    private void Count(Errno errno) => _tally.InternalsRefused += errno == Errno.None ? 0 : 1;
}
