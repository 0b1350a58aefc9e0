using Verso.Engine.Tests.Model;

namespace Verso.Engine.Tests.Conformance;

/// <summary>Random scenarios, made with the model alone, so that every design gets the same.</summary>
internal sealed class ScenarioMaker
{
    private readonly AbstractModel _model = new(new Window(1));
    private readonly OpGenerator _generator;

    public ScenarioMaker(ulong seed) => _generator = new OpGenerator(seed, _model, StepMix.Modelled);

    /// <summary>A scenario of so many steps.</summary>
    public Scenario Make(int steps)
    {
        List<Op> ops = [];
        while (ops.Count < steps)
        {
            Op op = _generator.Next();
            ops.Add(op);
            _model.Apply(op, default);
        }

        return new Scenario(ops) { LazyFree = (LazyFree)_generator.Random.Below(3) };
    }

    /// <summary>The same with few VMAs allowed, so that calls run out of them.</summary>
    public Scenario MakeCramped(int steps) => Make(steps) with { MaxMaps = 6 + _generator.Random.Below(8) };

    /// <summary>The same with calls that meet whole leaf tables, or straddle them, in place of single pages.</summary>
    public Scenario MakeLarge(int steps) => Make(steps) with { PagesPerUnit = _generator.Random.Percent(50) ? 512 : 127 };

    /// <summary>The same with an allocation failing now and then.</summary>
    public Scenario MakeFailing(int steps)
    {
        Scenario scenario = Make(steps);
        List<Op> ops = [];
        foreach (Op op in scenario.Ops)
        {
            if (_generator.Random.Percent(12))
            {
                ops.Add(new Op(OpKind.Fail, '-') { Start = 1 + _generator.Random.Below(_generator.Random.Percent(60) ? 3 : 12) });
            }

            ops.Add(op);
        }

        return scenario with { Ops = ops };
    }
}
