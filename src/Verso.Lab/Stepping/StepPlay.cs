using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Stepping;

/// <summary>A scenario or a recording on a machine of one design, forwards, step by step.</summary>
public sealed class StepPlay : IDisposable
{
    private readonly SteppedSource _source;
    private readonly string _design;
    private readonly List<MergeTrial> _trials = [];
    private long _mergesDone;

    private StepPlay(SteppedSource source, DesignChoice design)
    {
        _source = source;
        _design = design.Name;
        source.Machine.MergeTried = _trials.Add;
    }

    /// <summary>Steps taken.</summary>
    public long Position { get; private set; }

    /// <summary>What marks the last one.</summary>
    public StepMarks Marks { get; private set; }

    /// <summary>Begins a scenario.</summary>
    public static StepPlay Of(
        Scenario scenario,
        DesignChoice design,
        KernelRules rules,
        long memoryLimitBytes = MemoryBudget.DefaultLimitBytes,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(design);
        return new StepPlay(new ScenarioSteps(scenario, design, rules, memoryLimitBytes, cancellation), design);
    }

    /// <summary>Begins a recording.</summary>
    /// <param name="input">The recording.</param>
    /// <param name="design">The design.</param>
    /// <param name="rules">The rules to go by; null: those of the kernel it was recorded on.</param>
    /// <param name="memoryLimitBytes">What the machine may take of memory.</param>
    /// <param name="cancellation">Ends a step that takes long.</param>
    /// <exception cref="InputException">It is none, or a damaged one; later steps may say so too.</exception>
    public static StepPlay Of(
        TraceInput input,
        DesignChoice design,
        KernelRules? rules,
        long memoryLimitBytes = MemoryBudget.DefaultLimitBytes,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(design);
        return new StepPlay(new TraceSteps(input, design, rules, memoryLimitBytes, cancellation), design);
    }

    /// <summary>Takes the next step; false at the end.</summary>
    public bool Next()
    {
        _trials.Clear();
        if (!_source.Next())
        {
            return false;
        }

        long done = _source.Machine.Counters.MergesDone;
        Marks = _source.Marks
            | (done > _mergesDone ? StepMarks.Merge : 0)
            | (_trials.Exists(trial => !trial.Verdict.CanMerge) ? StepMarks.Refusal : 0);
        _mergesDone = done;
        Position++;
        return true;
    }

    /// <summary>Takes the next step and looks at it; null at the end.</summary>
    public StepView? Look()
    {
        if (_source.Ahead() is not StepFocus focus)
        {
            return null;
        }

        StepState before = new(_source, focus);
        if (!Next())
        {
            return null;
        }

        StepState now = new(_source, focus);
        return _source.Describe(new StepView
        {
            Number = Position,
            Design = _design,
            Function = "",
            Marks = Marks,
            Merges = [.. _trials.Select(trial => new StepMerge(NameOf(trial.Mm, before, now), trial))],
            Spaces = now.Spaces(before, _source, focus),
            Objects = now.Objects(before, _source.Machine),
        });
    }

    public void Dispose() => _source.Dispose();

    private static string NameOf(MmId mm, StepState before, StepState now) =>
        now.Names.GetValueOrDefault(mm) ?? before.Names.GetValueOrDefault(mm) ?? "";
}
