using System.Runtime.CompilerServices;
using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests;

/// <summary>scenarios/: what a kernel did is what kernel and engine do.</summary>
public sealed class ScenarioLibraryTests(ITestOutputHelper output)
{
    private const int FewestScenarios = 200;
    private const int LongestTitle = 120;

    /// <summary>Here are scenarios in which engine and kernel are known to differ; see docs/fidelity.md.</summary>
    private const string Differing = "/differs/";

    public static TheoryData<string> Designs { get; } = [.. Catalogue.Designs.Select(entry => entry.Facts.Name)];

    private static IReadOnlyList<Scenario> Library { get; } =
    [
        .. ScenarioFiles.Read([Folder()])
            .Where(scenario => !scenario.Name.Contains(Differing, StringComparison.Ordinal)),
    ];

    [Fact]
    public void TheKernelDoesWhatItDidWhenTheyWereWritten()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        KernelRules? rules = KernelRules.Find(KernelStage.Release);
        Assert.SkipWhen(rules != KernelRules.Linux61844, $"written on 6.18.44, this is {KernelStage.Release}");
        Play(Against.Kernel, KernelStage.WhyNotFull() is null ? Library : [.. Library.Where(each => each.MaxMaps == 0)]);
    }

    [Fact]
    public void TheEngineDoesWhatTheKernelDid() => Play(Against.Expectations, Library);

    /// <summary>Results and bytes are no business of the reverse map, as long as VMAs are not counted.</summary>
    [Theory]
    [MemberData(nameof(Designs))]
    public void EveryDesignAnswersAsTheKernelDid(string name)
    {
        Catalogue.Entry design = Catalogue.Find(name)!;
        List<string> wrong = [];
        foreach (Scenario scenario in Library.Where(each => each.MaxMaps == 0))
        {
            EngineStage stage = new(design, scenario);
            for (int at = 0; at < scenario.Ops.Count; at++)
            {
                string said = stage.Do(scenario.Ops[at]).ToText(scenario.Ops[at]);
                if (said != scenario.Outcomes.GetValueOrDefault(at, ""))
                {
                    wrong.Add($"{scenario.Name}: {scenario.Ops[at]}: {said}");
                }
            }

            string? broken = stage.Machine.Audit() ?? stage.Machine.VerifyWalks();
            Assert.True(broken is null, $"{scenario.Name}: {broken}");
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void EveryScenarioSaysWhatItIsAndWhatIsExpected()
    {
        Assert.True(Library.Count >= FewestScenarios, $"{Library.Count} scenarios");
        Assert.All(Library, scenario =>
        {
            string title = scenario.Purpose.Split('\n')[0];
            Assert.EndsWith(".", title, StringComparison.Ordinal);
            Assert.InRange(title.Length, 10, LongestTitle);
            Assert.Contains(scenario.States, state => state.After == scenario.Ops.Count - 1);
            Assert.Equal(File.ReadAllText(scenario.Name), scenario.ToString());
        });
    }

    /// <summary>scripts/scenario-index writes it.</summary>
    [Fact]
    public void TheIndexNamesEveryScenario()
    {
        string index = File.ReadAllText(Path.Combine(Folder(), "../docs/scenarios.md"));
        Assert.All(Library, scenario => Assert.Contains(
            $"[{Path.GetFileNameWithoutExtension(scenario.Name)}](../scenarios/"
            + $"{Path.GetRelativePath(Folder(), scenario.Name)}) | {scenario.Purpose.Split('\n')[0]} |",
            index,
            StringComparison.Ordinal));
    }

    [Fact]
    public void TheLanguageReferenceNamesEveryWord()
    {
        string[] words = File.ReadAllText(Path.Combine(Folder(), "../docs/scenarios.md"))
            .Split("## Index")[0].Split([' ', '`', '\n', '|', '(', ')']);
        IEnumerable<string> language =
        [
            .. Enum.GetNames<OpKind>(),
            .. Enum.GetNames<OpWords>().Where(word => word != nameof(OpWords.None)),
            .. Enum.GetNames<Advice>(),
        ];
        Assert.All(language, word => Assert.Contains(word.ToLowerInvariant(), words));
    }

    internal static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../scenarios"));

    private void Play(Against against, IReadOnlyList<Scenario> library)
    {
        IReadOnlyList<ScenarioResult> results = ScenarioVerification.Run(
            library,
            new ScenarioRunOptions { Against = against },
            new VerificationProgress(),
            TestContext.Current.CancellationToken);
        Assert.Empty(results.Where(result => result.Failure is not null)
            .Select(result => $"{result.Played.Name}: {result.Failure!.Difference}"));
        Assert.Equal(library.Count, results.Count);
        output.WriteLine($"{results.Count} scenarios, {results.Sum(result => result.Played.Ops.Count)} steps");
    }
}
