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
                .Append($"{Figures.Plural(times.EventsPerSecond(result.Events), "event", "events")} a second\n");
        }

        return text.ToString();
    }

    /// <summary>Everything on one line, for lists of traces.</summary>
    public static string Line(string name, ReplayResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        long mismatches = result.Calls.MismatchCount;
        string calls = mismatches == 0 ? "" : $", {Differing(mismatches)}";
        return $"{Figures.Plural(result.Events, "event", "events")}, grade {GradeText.Of(result.Grade)}, "
            + $"fidelity {FidelityText.Phrase(result.Fidelity)}{calls}, "
            + $"rules {RulesText.Brief(result.Rules)}: {Printable.Of(name)}\n";
    }

    private static string Phrase(Spread spread) => $"{Figures.Duration(spread.Median)} "
        + $"({Figures.Duration(spread.Least)} to {Figures.Duration(spread.Most)})";

    private static string Differing(long results) => Figures.Plural(results, "result differs", "results differ");

    private static void AppendCalls(StringBuilder text, ReplayResult result)
    {
        CallTally calls = result.Calls;
        text.Append($"  calls      {Figures.Count(calls.Compared)} compared, ")
            .Append(calls.Compared == 0 ? "no result is recorded"
                : calls.MismatchCount == 0
                ? "all results as recorded"
                : $"{Differing(calls.MismatchCount)}: " + string.Join(", ", calls.Mismatches.Select(
                    entry => $"{EventText.Name(entry.Key)} {Figures.Count(entry.Value)}")));
        if (calls.Skipped > 0)
        {
            text.Append("; refused by the kernel for limits and other outside reasons: ").AppendJoin(
                ", ",
                calls.Refused.Select(entry => $"{EventText.ResultOf(-(long)entry.Key)} {Figures.Count(entry.Value)}"));
        }

        text.Append(calls.NotModelled > 0 ? $"; {Figures.Count(calls.NotModelled)} not modelled\n" : "\n");
        if (calls.MismatchesOfAssumed > 0)
        {
            text.Append($"             {Figures.Plural(calls.MismatchesOfAssumed, "more differs", "more differ")} ")
                .Append("in address spaces whose initial layout is not recorded\n");
        }
    }

    private static void AppendOddities(StringBuilder text, ReplayResult result)
    {
        ReplayTally tally = result.Tally;
        long untroubled = tally.Faults[(int)FaultOutcome.Done] + tally.Faults[(int)FaultOutcome.Waits];
        long refused = tally.Faults.Sum() - untroubled;
        AppendIf(refused, "fault", "faults", "that the engine would answer with a signal");
        AppendIf(
            tally.InternalsRefused, "preparation or stack growth", "preparations or stack growths", "without a VMA");
        AppendIf(tally.PopulationsCutShort, "population", "populations", "cut short");
        AppendIf(
            result.Work.SearchDifferences,
            "search",
            "searches",
            "for a free range that chose another address than the kernel");
        AppendIf(
            tally.SpacesAssumed, "address space", "address spaces", "begun empty: the initial layout is not recorded");
        AppendIf(tally.UnknownSpaces, "event", "events", "of address spaces that were not live");
        AppendIf(tally.UnnamedFiles, "mapping", "mappings", "of files that the trace does not name");
        AppendIf(tally.UnknownKinds, "event", "events", "of an unknown kind");
        AppendIf(tally.OutOfMemory, "fork or exec", "forks or execs", "without memory");

        void AppendIf(long count, string one, string many, string what)
        {
            if (count > 0)
            {
                text.Append($"  note       {Figures.Plural(count, one, many)} {what}\n");
            }
        }
    }
}
