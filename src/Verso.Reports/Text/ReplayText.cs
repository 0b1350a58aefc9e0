using System.Text;
using Verso.Engine;
using Verso.Lab.Replay;

namespace Verso.Reports.Text;

/// <summary>One replay as text.</summary>
public static class ReplayText
{
    /// <summary>Heading, fidelity, what became of the calls.</summary>
    public static string Render(string name, ReplayResult result, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(result);
        StringBuilder text = new(TraceText.Heading(name, result, palette));
        text.Append($"  design     {palette.Name(result.Name)}\n");
        text.Append(FidelityText.Render(result.Fidelity, palette));
        AppendCalls(text, result);
        AppendOddities(text, result);
        if (result.Times is ReplayTimes times)
        {
            text.Append($"  time       {Phrase(times.Elapsed)} in {Figures.Plural(times.Rounds, "round", "rounds")}, ")
                .Append($"the engine alone {Phrase(times.Engine)}; ")
                .Append($"{Figures.Count(times.EventsPerSecond(result.Events))} events a second\n");
        }

        return text.ToString();
    }

    /// <summary>Everything on one line, for lists of traces.</summary>
    public static string Line(string name, ReplayResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        long mismatches = result.Calls.MismatchCount;
        string calls = mismatches == 0 ? "" : $", {Figures.Count(mismatches)} results differ";
        return $"{Figures.Plural(result.Events, "event", "events")}, grade {GradeText.Of(result.Grade)}, "
            + $"fidelity {FidelityText.Phrase(result.Fidelity)}{calls}, "
            + $"rules {RulesText.Brief(result.Rules)}: {Printable.Of(name)}\n";
    }

    private static string Phrase(Spread spread) => $"{Figures.Duration(spread.Median)} "
        + $"({Figures.Duration(spread.Least)} to {Figures.Duration(spread.Most)})";

    private static void AppendCalls(StringBuilder text, ReplayResult result)
    {
        CallTally calls = result.Calls;
        text.Append($"  calls      {Figures.Count(calls.Compared)} compared, ")
            .Append(calls.MismatchCount == 0
                ? "every result as recorded"
                : $"{Figures.Count(calls.MismatchCount)} results differ: " + string.Join(", ", calls.Mismatches.Select(
                    entry => $"{EventText.Name(entry.Key)} {Figures.Count(entry.Value)}")));
        if (calls.Skipped > 0)
        {
            text.Append("; refused by the kernel for limits and reasons outside: ").AppendJoin(
                ", ",
                calls.Refused.Select(entry => $"{EventText.ResultOf(-(long)entry.Key)} {Figures.Count(entry.Value)}"));
        }

        text.Append(calls.NotModelled > 0 ? $"; {Figures.Count(calls.NotModelled)} not modelled\n" : "\n");
        if (calls.MismatchesOfAssumed > 0)
        {
            text.Append($"             {Figures.Count(calls.MismatchesOfAssumed)} more differ in address spaces ")
                .Append("whose first layout is not recorded\n");
        }
    }

    private static void AppendOddities(StringBuilder text, ReplayResult result)
    {
        ReplayTally tally = result.Tally;
        long untroubled = tally.Faults[(int)FaultOutcome.Done] + tally.Faults[(int)FaultOutcome.Waits];
        long refused = tally.Faults.Sum() - untroubled;
        AppendIf(refused, "faults that the engine would answer with a signal");
        AppendIf(tally.InternalsRefused, "preparations or stack growths without a VMA for them");
        AppendIf(tally.PopulationsCutShort, "populations cut short");
        AppendIf(result.Work.SearchDifferences, "searches for a free range that chose another address than the kernel");
        AppendIf(tally.SpacesAssumed, "address spaces begun empty: the trace does not say how they began");
        AppendIf(tally.UnknownSpaces, "events of address spaces that were not live");
        AppendIf(tally.UnnamedFiles, "mappings of files that the trace does not name");
        AppendIf(tally.UnknownKinds, "events of an unknown kind");
        AppendIf(tally.OutOfMemory, "forks or execs without memory");

        void AppendIf(long count, string what)
        {
            if (count > 0)
            {
                text.Append($"  note       {Figures.Count(count)} {what}\n");
            }
        }
    }
}
