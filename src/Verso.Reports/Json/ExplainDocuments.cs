using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>Two VMAs that touch.</summary>
public sealed record BoundaryDocument(
    string Address, bool MergeableNow, string First, IReadOnlyList<string> Failed, IReadOnlyList<string> FlagsApart);

/// <summary>What would lift a reason.</summary>
public sealed record RemedyDocument(string Text, string Basis, string Shown, string Since);

/// <summary>The pairs with one first reason.</summary>
public sealed record ReasonDocument(
    string Reason, string Plain, string Kernel, int Pairs, int VmasWithout, IReadOnlyList<RemedyDocument> Remedies);

/// <summary>Why an address space has as many VMAs as it has.</summary>
public sealed record ExplanationDocument(
    string Schema,
    int Pid,
    string Command,
    string Reading,
    int Vmas,
    int MaxMapCount,
    IReadOnlyList<ReasonDocument> Reasons,
    IReadOnlyList<BoundaryDocument> Boundaries);

/// <summary>Explanations turned into documents.</summary>
internal static class ExplainDocuments
{
    public static ExplanationDocument Of(SpaceExplanation explanation) => new(
        "verso-explain/1",
        explanation.Process.Pid,
        explanation.Process.Command,
        Kebab.Of(explanation.Process.Reading.ToString()),
        explanation.VmaCount,
        explanation.MaxMapCount,
        [.. explanation.Groups.Select(group => Of(explanation, group))],
        [.. explanation.Boundaries.Select(Of)]);

    private static ReasonDocument Of(SpaceExplanation explanation, ReasonGroup group) => new(
        Name(group.First),
        ReasonText.Plain(group.First),
        ReasonText.Kernel(group.First),
        group.Boundaries.Count,
        explanation.VmasWithout(group.First),
        [
            .. Remedy.For(group).Select(remedy => new RemedyDocument(
                remedy.Text, Kebab.Of(remedy.Basis.ToString()), remedy.Shown, remedy.Since)),
        ]);

    private static BoundaryDocument Of(Boundary boundary) => new(
        JsonReport.Hex(boundary.Upper.Start),
        boundary.Verdict.CanMerge,
        Name(boundary.Verdict.First),
        [.. MergeText.Split(boundary.Verdict.Failed).Select(Name)],
        [.. VmaText.FlagNames(boundary.FlagsApart).Split(' ').Where(name => name != "none")]);

    private static string Name(MergeTests test) =>
        test == MergeTests.None ? "mergeable-now" : Kebab.Of(test.ToString());
}
