using Verso.Lab.Replay;

namespace Verso.Lab.Comparison;

/// <summary>
/// Takes the times of replays so that designs can be compared by them: each was replayed before, all are replayed in
/// turn, one at a time, in every round beginning with another, and the spread is told.
/// </summary>
public static class ReplayMeasurement
{
    /// <summary>Rounds if nobody says otherwise.</summary>
    public const int DefaultRounds = 5;

    /// <summary>A comparison with the times of the designs that were asked for.</summary>
    /// <param name="comparison">What was replayed.</param>
    /// <param name="inputs">Its traces.</param>
    /// <param name="template">The options; checks and what is kept for people are left out of what is measured.</param>
    /// <param name="rounds">How often each is replayed; at least 1.</param>
    /// <param name="cancellation">Ends it.</param>
    public static DesignComparison Measure(
        DesignComparison comparison,
        IReadOnlyList<TraceInput> inputs,
        ReplayOptions template,
        int rounds,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        ArgumentNullException.ThrowIfNull(inputs);
        return new DesignComparison([.. comparison.Traces.Select((trace, at) =>
        {
            IReadOnlyList<ReplayResult> designs = Measure(trace.Designs, inputs[at], template, rounds, cancellation);
            int reference = trace.Designs.ToList().IndexOf(trace.Reference);
            return trace with
            {
                Designs = designs,
                Reference = reference < 0 ? trace.Reference : designs[reference],
            };
        })]);
    }

    /// <summary>Results of one trace with their times.</summary>
    public static IReadOnlyList<ReplayResult> Measure(
        IReadOnlyList<ReplayResult> results,
        TraceInput input,
        ReplayOptions template,
        int rounds,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(template);
        ReplayOptions plain = template with
        {
            Verification = Verification.None,
            DifferenceLimit = 0,
            History = HistoryKeeping.Off,
            MergeTried = null,
            Progress = null,
        };
        List<ReplayResult>[] taken = [.. results.Select(_ => new List<ReplayResult>())];

        // The first round warms up what the replays before it, side by side, left cold.
        for (int round = 0; round <= rounds; round++)
        {
            for (int turn = 0; turn < results.Count; turn++)
            {
                int at = (turn + round) % results.Count;
                DesignChoice design = DesignChoice.Parse(results[at].Name);
                ReplayResult once = DesignComparison.Replay(
                    input, plain with { Design = design }, progress: null, cancellation);
                if (round > 0)
                {
                    taken[at].Add(once);
                }
            }
        }

        return [.. results.Select((result, at) => result with { Times = ReplayTimes.Of(taken[at]) })];
    }
}
