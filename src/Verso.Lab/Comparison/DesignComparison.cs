using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Traces;

namespace Verso.Lab.Comparison;

/// <summary>One trace, or one scenario, through several designs.</summary>
public sealed record TraceComparison
{
    public required string Name { get; init; }

    /// <summary>SHA-256 of its file, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>
    /// The replay through the kernel's own design: its fidelity vouches for the figures of all. It is made even where
    /// the user did not ask for that design.
    /// </summary>
    public required ReplayResult Reference { get; init; }

    /// <summary>The designs that were asked for, in that order.</summary>
    public required IReadOnlyList<ReplayResult> Designs { get; init; }

    /// <summary>The scenario that was played; null: it is a trace.</summary>
    public Scenario? Scenario => Reference.Scenario;

    public TraceHeader Header => Reference.Header;

    public TraceGrade Grade => Reference.Grade;
}

/// <summary>Several traces or scenarios, each through several designs.</summary>
public sealed record DesignComparison(IReadOnlyList<TraceComparison> Traces)
{
    /// <summary>Replays every trace through every design, as many at once as <paramref name="jobs"/> says.</summary>
    /// <param name="inputs">The traces and scenarios.</param>
    /// <param name="designs">The designs, in the order of the result.</param>
    /// <param name="template">
    /// Options; the design in them is replaced, and machines that run at once share the memory that one may take.
    /// </param>
    /// <param name="jobs">Machines that run at once; at least 1.</param>
    /// <param name="progress">Told how far it is; null if nobody looks.</param>
    /// <param name="cancellation">Ends all replays at their next batch of events.</param>
    /// <exception cref="InputException">A trace is damaged, or a machine would need too much memory.</exception>
    public static DesignComparison Run(
        IReadOnlyList<TraceInput> inputs,
        IReadOnlyList<DesignChoice> designs,
        ReplayOptions template,
        int jobs,
        ReplayProgress? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(designs);
        List<DesignChoice> all = [.. designs];
        if (!all.Exists(choice => choice.Name == ReferenceDesign.Name))
        {
            all.Add(ReferenceDesign.Choice);
        }

        ReplayResult[][] results = [.. inputs.Select(_ => new ReplayResult[all.Count])];
        string[] hashes = new string[inputs.Count];
        progress?.Expect(inputs.Sum(input => input.LengthBytes) * all.Count);
        MachinesAtOnce.Run(
            inputs.Count * all.Count,
            jobs,
            template.MemoryLimitBytes,
            (job, limitBytes) =>
            {
                (int trace, int design) = Math.DivRem(job, all.Count);
                if (design == 0)
                {
                    hashes[trace] = inputs[trace].Hash();
                }

                ReplayOptions options = template with { Design = all[design], MemoryLimitBytes = limitBytes };
                results[trace][design] = Replay(inputs[trace], options, progress, cancellation);
            },
            cancellation);

        return new DesignComparison([.. inputs.Select((input, trace) => new TraceComparison
        {
            Name = input.Name,
            Sha256 = hashes[trace],
            Reference = results[trace].First(result => result.Name == ReferenceDesign.Name),
            Designs = results[trace][..designs.Count],
        })]);
    }

    /// <summary>One replay of one input, with its progress.</summary>
    public static ReplayResult Replay(
        TraceInput input, ReplayOptions options, ReplayProgress? progress, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.IsScenario)
        {
            ReplayResult played = ScenarioReplay.Run(input.ReadScenario(), options, cancellation);
            progress?.Note(input.LengthBytes, played.Events);
            return played;
        }

        return input.Read((reader, stream) =>
            TraceReplay.Run(reader, options with { Progress = progress?.Follow(stream) }, cancellation));
    }
}
