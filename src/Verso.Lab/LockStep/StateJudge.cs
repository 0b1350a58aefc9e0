using Verso.Lab.Playing;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Whether both sides show the same state after a step; in large address spaces after some steps.</summary>
/// <param name="engine">The one side.</param>
/// <param name="comparison">Compares it with the other.</param>
/// <param name="compared">Whose state is looked at.</param>
/// <param name="allFrom">From this step on all is compared, whatever it costs.</param>
/// <param name="progress">Is told of states that agreed at a second look; null: nobody is.</param>
internal sealed class StateJudge(
    EngineStage engine,
    StageComparison comparison,
    ComparedSpaces compared,
    int allFrom,
    VerificationProgress? progress) : Observer<Op, LockStepOutcome>
{
    private const int LooksAgain = 5;

    /// <summary>Where only the acting address space is compared, all are at every such step.</summary>
    private const int AllEvery = 100;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(4);

    private readonly ComparisonBudget _budget = new(allFrom);

    /// <summary>The first step since all was compared whose state was not; null: there is none.</summary>
    public int? FirstSkipped => _budget.FirstSkipped;

    /// <summary>Where in the scenario the step is that is being taken.</summary>
    public required Func<int> At { get; init; }

    /// <summary>Compares with what /proc says too; null: it is not asked.</summary>
    public ProcComparison? Proc { get; init; }

    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in LockStepOutcome outcome)
    {
        _budget.NoteStep(At());
        return CompareSettled(position, step) is string difference ? $"{step}: {difference}" : null;
    }

    /// <summary>What steps have left whose state was not compared; null if nothing differs.</summary>
    public string? CompareRest() => FirstSkipped is null ? null : comparison.Compare(engine.Mms.Keys);

    /// <summary>
    /// Looks again at a state that differs: somebody outside, a reader of /proc say, may hold an address space that
    /// ended, and the kernel tears it down when he lets go. No step is taken meanwhile, so what is wrong stays wrong.
    /// </summary>
    private string? CompareSettled(long position, Op op)
    {
        string? difference = Compare(position, op);
        for (int look = 0; difference is not null && look < LooksAgain; look++)
        {
            Thread.Sleep(_pause);
            difference = Compare(position, op);
            if (difference is null)
            {
                progress?.NoteSettled();
            }
        }

        return difference;
    }

    private string? Compare(long position, Op op)
    {
        bool isLocal = compared == ComparedSpaces.Acting && position % AllEvery != 0
            && op.Kind is not (OpKind.Fork or OpKind.Exit) && engine.Mms.ContainsKey(op.Mm);
        IEnumerable<char> mms = isLocal ? [op.Mm] : engine.Mms.Keys;
        int vmas = mms.Sum(mm => engine.Machine.World.Mms[engine.Mms[mm]].Vmas.Count);
        if (!_budget.Affords(vmas))
        {
            return null;
        }

        string? difference = comparison.Compare(
            mms, !isLocal || op.Start == Op.Anywhere ? -Window.PagesAround : op.Start - Window.PagesAround);
        if (Proc is not null && difference is null)
        {
            difference = mms.Select(Proc.Compare).FirstOrDefault(each => each is not null);
        }

        if (difference is null)
        {
            _budget.Spend(vmas, isLocal ? ComparedSpaces.Acting : ComparedSpaces.All);
        }

        return difference;
    }
}
