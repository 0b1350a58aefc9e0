using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>
/// After which steps the state is compared: after each while that costs little; in large address spaces as often as
/// keeps the cost of a step, in VMAs that are looked at, the same whatever their number.
/// </summary>
/// <param name="allFrom">From this step on every one is compared, whatever it costs.</param>
internal sealed class ComparisonBudget(int allFrom)
{
    /// <summary>So many VMAs are compared after every step.</summary>
    private const int SmallVmas = 256;

    /// <summary>VMAs that are looked at for each step, in the mean.</summary>
    private const int VmasOfStep = 64;

    private int _step = -1;
    private long _saved;

    /// <summary>The first step since all was compared whose state was not; null: there is none.</summary>
    public int? FirstSkipped { get; private set; }

    /// <summary>A step is taken.</summary>
    /// <param name="step">Its number.</param>
    public void NoteStep(int step)
    {
        _step = step;
        _saved += VmasOfStep;
    }

    /// <summary>Whether so many VMAs are compared after this step; else it counts as skipped.</summary>
    public bool Affords(int vmas)
    {
        bool affords = vmas <= SmallVmas || vmas <= _saved || _step >= allFrom;
        FirstSkipped = affords ? FirstSkipped : FirstSkipped ?? _step;
        return affords;
    }

    /// <summary>So many VMAs were compared, and agreed.</summary>
    /// <param name="vmas">VMAs.</param>
    /// <param name="spaces">Of which address spaces.</param>
    public void Spend(int vmas, ComparedSpaces spaces)
    {
        _saved = vmas <= SmallVmas ? _saved : Math.Max(0, _saved - vmas);
        FirstSkipped = spaces == ComparedSpaces.All ? null : FirstSkipped;
    }
}
