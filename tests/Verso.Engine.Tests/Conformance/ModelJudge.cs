using Verso.Engine.Tests.Model;
using Verso.Lab.Playing;

namespace Verso.Engine.Tests.Conformance;

/// <summary>Takes each step on the model too, and compares results and states. The model says what is possible.</summary>
internal sealed class ModelJudge(EngineStage driver, Scenario scenario) : Observer<Op, ConformanceOutcome>, ISituation
{
    private AbstractModel _model = new(driver.Window);

    /// <summary>The model after the steps so far.</summary>
    public AbstractModel Model => _model;

    /// <inheritdoc/>
    IEnumerable<char> ISituation.Mms => _model.Mms;

    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in ConformanceOutcome outcome)
    {
        if (step.Kind == OpKind.Fail)
        {
            return null;
        }

        if (outcome.IsInjected || scenario.MaxMaps != 0)
        {
            return new PartialEffect(driver, _model).Judge(step, outcome.Seen, ref _model);
        }

        _model.Apply(step, outcome.Seen);
        return outcome.Seen != _model.Expected ? $"{step}: {outcome.Seen}, expected {_model.Expected}"
            : new StateCheck(driver, _model).Compare() is string difference ? $"{step}: {difference}"
            : null;
    }

    IEnumerable<long> ISituation.PagesOf(char mm) => _model.PagesOf(mm);

    bool ISituation.IsMapped(char mm, long page) => _model.IsMapped(mm, page);

    bool ISituation.IsPossible(Op op) => _model.IsPossible(op);
}
