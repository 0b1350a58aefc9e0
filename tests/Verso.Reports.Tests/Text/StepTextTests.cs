using System.Runtime.CompilerServices;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Lab.Stepping;
using Verso.Reports.Text;

namespace Verso.Reports.Tests.Text;

/// <summary>Whatever the width, no line is longer, and no number is divided.</summary>
public sealed class StepTextTests
{
    public static TheoryData<int> Widths => [40, 80, 100, 200];

    [Theory]
    [MemberData(nameof(Widths))]
    public void NoLineOfAScenarioIsTooLong(int width)
    {
        foreach (Scenario scenario in ScenarioFiles.Read([Folder("scenarios")]).Where((_, at) => at % 4 == 0))
        {
            Func<StepPlay>[] begin = [Begin("anon-vma-chain"), Begin("reflink")];
            using StepSession session = new(begin, scenario.Ops.Count, TestContext.Current.CancellationToken);
            while (session.Forward())
            {
                AssertFits(session, width, scenario.Name);
            }

            Func<StepPlay> Begin(string design) =>
                () => StepPlay.Of(scenario, DesignChoice.Parse(design), KernelRules.Reference);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void NoLineOfARecordingIsTooLong(int width)
    {
        using TraceInput input = TraceInput.Open(Path.Combine(Folder("examples"), "git-repack.verso"));
        using StepSession session = new(
            [
                () => StepPlay.Of(input, DesignChoice.Parse("anon-vma-chain"), null),
                () => StepPlay.Of(input, DesignChoice.Parse("pte-chain"), null),
            ],
            cancellation: TestContext.Current.CancellationToken);
        for (int steps = 0; steps < 2000 && session.Forward(); steps++)
        {
            AssertFits(session, width, input.Name);
        }
    }

    /// <summary>What is drawn in several rows has each page in one of them.</summary>
    [Fact]
    public void ARowThatIsTooLongGoesOnBelow()
    {
        Scenario scenario = Scenario.Parse("map A 0 20 rw\nwrite A 3 1\nwrite A 18 1");
        using StepSession session = new(
            [() => StepPlay.Of(scenario, DesignChoice.Parse("anon-vma-chain"), KernelRules.Reference)],
            3,
            TestContext.Current.CancellationToken);
        session.GoTo(3);
        string text = StepText.Render(session.Views, session.Total, 60, Palette.Plain);
        string[] headers = [.. text.Split('\n').Where(line => line.Trim(' ').All(letter => char.IsAsciiDigit(letter) || letter == ' '))
            .Where(line => line.Length > 0)];
        Assert.Equal(2, headers.Length);
        Assert.Equal(
            Enumerable.Range(0, 20).Select(page => $"{page}"),
            headers.SelectMany(header => header.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Contains("|rw ", text, StringComparison.Ordinal);
        Assert.Contains("~rw ", text, StringComparison.Ordinal);
    }

    private static void AssertFits(StepSession session, int width, string name)
    {
        string text = StepText.Render(session.Views, session.Total, width, Palette.Plain);
        foreach (string line in text.Split('\n'))
        {
            Assert.True(line.Length <= width, $"{name}, step {session.Position}, {width} columns: {line}");
        }
    }

    private static string Folder(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../..", name));
}
