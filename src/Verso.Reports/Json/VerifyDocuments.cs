using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Lab.Words;

namespace Verso.Reports.Json;

/// <summary>A scenario that came out otherwise than expected, a random one made as short as it can be.</summary>
/// <param name="Name">The file; of a random one its seed.</param>
/// <param name="Step">The step that differed, from 0.</param>
/// <param name="Difference">What differs, on one line: the engine first, then the kernel.</param>
/// <param name="Scenario">The steps, a line each.</param>
/// <param name="Kind"><c>difference</c>, or <c>not-playable</c>: nothing was compared.</param>
public sealed record FailureDocument(string Name, int Step, string Difference, string Scenario, string Kind);

/// <summary><c>verso verify -j</c>: random scenarios on kernel and engine.</summary>
/// <example>sudo verso verify --count 10 -j</example>
/// <param name="Schema"><c>verso-verify/1</c></param>
/// <param name="Rules">The kernel whose rules the engine went by.</param>
/// <param name="RulesBasis">
/// How far these are known to be the running kernel's: <c>compared</c>, <c>series</c>, <c>versions</c>, <c>other</c>,
/// <c>unknown</c>, <c>chosen</c> (<see href="explain.md#synopsis">what they mean</see>).
/// </param>
/// <param name="Mix">What the sequences were made of: <c>--mix</c>, and what was added to it.</param>
/// <param name="Seed">The first seed; every sequence has the next.</param>
/// <param name="Sequences">Sequences that were played.</param>
/// <param name="Steps">Steps that were taken and compared.</param>
/// <param name="Settled">States that agreed only when they were looked at again.</param>
/// <param name="Failures">Sequences that differed, in the order of their seeds; the run ends at the first.</param>
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
/// <param name="Name">The file, or the trace.</param>
/// <param name="Agrees">Whether nothing differed.</param>
/// <param name="Steps">Steps that were taken; impossible ones are passed over.</param>
/// <param name="Failure">What differed; left out if nothing did.</param>
/// <param name="Recording">Of a trace: its calls that were refused or are no steps. Left out of other files.</param>
public sealed record ScenarioDocument(
    string Name, bool Agrees, long Steps, FailureDocument? Failure, RecordedCallsDocument? Recording);

/// <summary>The calls of a recording that were refused in it, and those that are no steps.</summary>
/// <param name="RefusedThen">Calls that the kernel refused in the recording.</param>
/// <param name="RefusedAgain">Of these, refused here too.</param>
/// <param name="LeftOut">Calls that are no steps, by kind.</param>
public sealed record RecordedCallsDocument(
    long RefusedThen, long RefusedAgain, IReadOnlyDictionary<string, long> LeftOut);

/// <summary>
/// <c>verso verify FILE... -j</c>: scenario files on kernel and engine; with <c>--engine</c> without a kernel.
/// </summary>
/// <example>verso verify --engine scenarios/merge/forked-target.txt -j</example>
/// <param name="Schema"><c>verso-scenarios/1</c></param>
/// <param name="Rules">The kernel whose rules the engine went by.</param>
/// <param name="RulesBasis">
/// How far these are known to be the running kernel's: <c>compared</c>, <c>series</c>, <c>versions</c>, <c>other</c>,
/// <c>unknown</c>, <c>chosen</c> (<see href="explain.md#synopsis">what they mean</see>).
/// </param>
/// <param name="Scenarios">The files, in the order played.</param>
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
