using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Lab.Words;

namespace Verso.Reports.Json;

/// <summary>A scenario that came out otherwise than expected.</summary>
public sealed record FailureDocument(string Name, int Step, string Difference, string Scenario, string Kind);

/// <summary>Random scenarios on kernel and engine.</summary>
public sealed record RandomVerificationDocument(
    string Schema,
    string Rules,
    string RulesBasis,
    string Mix,
    ulong Seed,
    long Sequences,
    long Steps,
    long Settled,
    IReadOnlyList<FailureDocument> Failures);

/// <summary>One scenario file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Agrees">Whether nothing differed.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Failure">What differed.</param>
/// <param name="Recording">Of a trace: its calls.</param>
public sealed record ScenarioDocument(
    string Name, bool Agrees, long Steps, FailureDocument? Failure, RecordedCallsDocument? Recording);

/// <summary>The calls of a recording that were refused in it, and those that are no steps, by kind.</summary>
public sealed record RecordedCallsDocument(
    long RefusedThen, long RefusedAgain, IReadOnlyDictionary<string, long> LeftOut);

/// <summary>Scenario files on kernel and engine.</summary>
public sealed record ScenariosDocument(
    string Schema, string Rules, string RulesBasis, IReadOnlyList<ScenarioDocument> Scenarios);

/// <summary>Verifications turned into documents.</summary>
internal static class VerifyDocuments
{
    public static RandomVerificationDocument Of(RandomVerificationOptions options, RandomVerificationResult result) =>
        new(
            "verso-verify/1",
            options.Rules.Rules.Release,
            Kebab.Of(options.Rules.Basis.ToString()),
            result.Mix.Name,
            options.Seed,
            result.Sequences,
            result.Steps,
            result.Settled,
            [.. result.Failures.Select(Of)]);

    public static ScenariosDocument Of(ScenarioRunOptions options, IReadOnlyList<ScenarioResult> results) => new(
        "verso-scenarios/1",
        options.Rules.Rules.Release,
        Kebab.Of(options.Rules.Basis.ToString()),
        [
            .. results.Select(result => new ScenarioDocument(
                result.Played.Name,
                result.Failure is null,
                result.Steps,
                result.Failure is null ? null : Of(result.Failure),
                result.Played.Recording is RecordedCalls recording ? Of(recording, result) : null)),
        ]);

    private static RecordedCallsDocument Of(RecordedCalls recording, ScenarioResult result) => new(
        recording.Refused.Count,
        result.RefusedAgain,
        recording.LeftOut.ToDictionary(each => Kebab.Of(each.Key.ToString()), each => each.Value));

    private static FailureDocument Of(Failure failure) => new(
        failure.Scenario.Name,
        failure.Step,
        failure.Difference,
        failure.Scenario.ToString(),
        Kebab.Of(failure.Kind.ToString()));
}
