using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Stepping;

/// <summary>The steps of a scenario on a machine of one design.</summary>
internal sealed class ScenarioSteps : SteppedSource
{
    private readonly Scenario _scenario;
    private readonly EngineStage _stage;
    private readonly ScenarioSource _source;
    private readonly Player<Op, Outcome> _player;
    private readonly IReadOnlyCollection<long> _named;

    public ScenarioSteps(
        Scenario scenario,
        DesignChoice design,
        KernelRules rules,
        long memoryLimitBytes,
        CancellationToken cancellation)
    {
        _scenario = scenario;
        MachineOptions limits = new() { MemoryLimitBytes = memoryLimitBytes, Cancellation = cancellation };
        _stage = new EngineStage(design.Chosen, scenario, rules, null, limits);
        _source = new ScenarioSource(
            scenario.Ops, _stage, scenario.IsStrict ? ImpossibleSteps.End : ImpossibleSteps.PassedOver);
        _player = new Player<Op, Outcome>(_source, _stage);
        _named = NamedBy(scenario.Ops);
    }

    public override Machine Machine => _stage.Machine;

    public override IEnumerable<PlayedSpace> Spaces => _stage.Spaces;

    public override StepMarks Marks =>
        (_player.Step.Kind == OpKind.Fork && _player.Outcome.Errno == Errno.None ? StepMarks.Fork : 0)
        | (_player.Outcome.Errno != Errno.None || _player.Outcome.Fault != FaultOutcome.Done ? StepMarks.Error : 0);

    public override bool Next()
    {
        try
        {
            return _player.Next() || (_source.Impossible is Op impossible
                ? throw new FormatException($"step {_source.At + 1}: '{impossible}' is not possible there")
                : false);
        }
        catch (Exception problem) when (problem is FormatException or MemoryLimitException)
        {
            throw new InputException(_scenario.Name, problem);
        }
    }

    public override StepFocus? Ahead() => _source.At < _scenario.Ops.Count - 1 ? StepFocus.All : null;

    public override StepView Describe(StepView view) => view with
    {
        Op = _player.Step,
        Outcome = _player.Outcome.ToText(_player.Step),
        Function = KernelFunctions.Of(_player.Step),
        Window = _stage.Window,
        NamedPages = _named,
    };

    public override string NameOf(VmaImage vma) => _stage.NameOf(vma) ?? "";

    public override IEnumerable<ulong> PagesOf(MmImage image, StepFocus focus)
    {
        foreach (VmaImage vma in image.Vmas)
        {
            long first = Math.Max(_stage.Window.PageOf(vma.Start), -Window.PagesAround);
            long end = Math.Min(_stage.Window.PageOf(vma.End), Window.Pages + Window.PagesAround);
            for (long page = first; page < end; page++)
            {
                yield return _stage.Window.AccessAddress(page);
            }
        }
    }

    public override void Dispose()
    {
    }

    /// <summary>Of ranges beyond the window only what is near it, and of accesses nothing: they map nothing.</summary>
    private static SortedSet<long> NamedBy(IEnumerable<Op> ops)
    {
        SortedSet<long> pages = [];
        foreach (Op op in ops)
        {
            if (op.Kind is OpKind.Map or OpKind.File or OpKind.Remap)
            {
                Add(pages, op.Start, Math.Max(op.Count, op.NewCount));
            }

            if (op.Kind == OpKind.Remap && (op.Words & (OpWords.Fixed | OpWords.Hint)) != 0)
            {
                Add(pages, op.Target, op.NewCount);
            }
        }

        return pages;
    }

    private static void Add(SortedSet<long> pages, long first, long count)
    {
        const long End = Window.Pages + Window.PagesAround;
        long from = Math.Max(first, -Window.PagesAround);
        for (long page = from; page < End && page - first < count; page++)
        {
            pages.Add(page);
        }
    }
}
