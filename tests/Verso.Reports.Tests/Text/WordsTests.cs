using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.Replay;
using Verso.Lab.Words;
using Verso.Reports.Text;
using Verso.Traces;

namespace Verso.Reports.Tests.Text;

/// <summary>What an enumeration can say has a name in every output, and no two the same.</summary>
public sealed class WordsTests
{
    public static TheoryData<TraceGrade> Lacks =>
        [.. Enum.GetValues<TraceGrade>().Where(grade => grade != TraceGrade.Complete)];

    [Theory]
    [MemberData(nameof(Lacks))]
    public void EveryLackIsNamedAndExplained(TraceGrade lack)
    {
        Assert.Equal(Kebab.Of(lack.ToString()), GradeText.Of(lack));
        Assert.Single(GradeText.Explain(lack));
        Assert.Equal("truncated, " + GradeText.Of(TraceGrade.Unfinished), GradeText.Of(TraceGrade.Truncated | TraceGrade.Unfinished));
    }

    [Fact]
    public void ACompleteTraceLacksNothing()
    {
        Assert.Equal("complete", GradeText.Of(TraceGrade.Complete));
        Assert.Empty(GradeText.Explain(TraceGrade.Complete));
        Assert.Equal(Lacks.Count, GradeText.Explain((TraceGrade)127).Distinct().Count());
    }

    [Fact]
    public void EveryTestOfAMergeHasWordsOfItsOwn()
    {
        MergeTests[] tests = Enum.GetValues<MergeTests>();
        Assert.Equal(tests.Length, tests.Select(ReasonText.Plain).Distinct().Count());
        Assert.Equal(tests.Length, tests.Select(MergeReasons.Name).Distinct().Count());
        Assert.Equal("page-offset", MergeReasons.Name(MergeTests.PageOffset));
    }

    [Fact]
    public void EveryLastingReasonHasWordsOfItsOwn()
    {
        LastingReason[] reasons = Enum.GetValues<LastingReason>();
        Assert.Equal(reasons.Length, reasons.Select(ReasonText.Plain).Distinct().Count());
    }

    [Fact]
    public void RefusalsAreInTheOrderOfTheTests()
    {
        Dictionary<MergeTests, long> refused = new() { [MergeTests.PageOffset] = 3, [MergeTests.Policy] = 5 };
        Assert.Equal([new MergeReason("policy", 5), new MergeReason("page-offset", 3)], MergeReasons.Of(refused));
    }

    [Fact]
    public void TheCatalogueSaysAllOfEveryDesign()
    {
        string text = CatalogueText.Render(Catalogue.Designs, Palette.Plain);
        Assert.All(Catalogue.Designs, entry => Assert.Contains($"{entry.Facts.Name}\n  {entry.Facts.Summary}\n", text, StringComparison.Ordinal));
        Assert.All(
            Catalogue.Designs.SelectMany(entry => entry.Facts.Options),
            option => Assert.All(
                option.Values, value => Assert.Contains($"    {option.Name}={value.Name}  {value.Meaning}", text, StringComparison.Ordinal)));
        Assert.Single(text.Split('\n'), line => line.EndsWith(", the reference", StringComparison.Ordinal));
        Assert.Contains(ReferenceDesign.Name, text, StringComparison.Ordinal);
    }
}
