using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>
/// Makes a failing scenario small: fewer steps first (delta debugging), then smaller numbers and fewer words.
/// </summary>
public static class Shrinker
{
    /// <summary>A scenario that still fails and from which nothing can be taken. Requires: it fails now.</summary>
    public static Scenario Shrink(Scenario scenario, Func<Scenario, bool> fails)
    {
        Invariant.Require(fails(scenario));
        while (true)
        {
            Scenario smaller = SimplerSteps(FewerSteps(scenario, fails), fails);
            if (smaller.LazyFree != LazyFree.Keep && fails(smaller with { LazyFree = LazyFree.Keep }))
            {
                smaller = smaller with { LazyFree = LazyFree.Keep };
            }

            if (smaller.ToString() == scenario.ToString())
            {
                return smaller;
            }

            scenario = smaller;
        }
    }

    private static Scenario FewerSteps(Scenario scenario, Func<Scenario, bool> fails)
    {
        for (int chunk = Math.Max(1, scenario.Ops.Count / 2); chunk > 0; chunk /= 2)
        {
            for (int at = scenario.Ops.Count - chunk; at >= 0; at -= chunk)
            {
                Op[] rest = [.. scenario.Ops.Take(at), .. scenario.Ops.Skip(at + chunk)];
                if (fails(scenario with { Ops = rest }))
                {
                    scenario = scenario with { Ops = rest };
                    at = Math.Min(at, scenario.Ops.Count);
                }
            }
        }

        return scenario;
    }

    private static Scenario SimplerSteps(Scenario scenario, Func<Scenario, bool> fails)
    {
        for (int at = 0; at < scenario.Ops.Count; at++)
        {
            bool found = true;
            while (found)
            {
                found = false;
                foreach (Op simpler in Simpler(scenario.Ops[at]))
                {
                    Op[] ops = [.. scenario.Ops];
                    ops[at] = simpler;
                    if (fails(scenario with { Ops = ops }))
                    {
                        scenario = scenario with { Ops = ops };
                        found = true;
                        break;
                    }
                }
            }
        }

        return scenario;
    }

    /// <summary>Steps that are smaller in one respect; each differs, and none can be reached twice.</summary>
    private static IEnumerable<Op> Simpler(Op op)
    {
        foreach (OpWords word in Enum.GetValues<OpWords>())
        {
            if (word != 0 && op.Has(word))
            {
                yield return op with { Words = op.Words & ~word };
            }
        }

        if (op.Mm is > 'A' and <= 'Z')
        {
            yield return op with { Mm = 'A' };
        }

        if (op.Count > 1)
        {
            bool isMove = op.NewCount == op.Count;
            yield return op with { Count = 1, NewCount = isMove ? 1 : op.NewCount };
            yield return op with { Count = op.Count - 1, NewCount = isMove ? op.Count - 1 : op.NewCount };
        }

        if (op.NewCount > 1)
        {
            yield return op with { NewCount = op.NewCount - 1 };
        }

        if (op.Kind == OpKind.Write && op.Value > 1)
        {
            yield return op with { Value = 1 };
        }

        const Protection ReadWrite = Protection.Read | Protection.Write;
        if (op.Kind is OpKind.Map or OpKind.File && op.Protection != ReadWrite)
        {
            yield return op with { Protection = ReadWrite };
        }

        if (op.Kind == OpKind.File && op.Target > 0)
        {
            yield return op with { Target = op.Target - 1 };
        }
    }
}
