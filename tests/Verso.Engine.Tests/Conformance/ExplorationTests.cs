using System.Globalization;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// Every sequence of steps in a small world, on every design: no state of it breaks the specification.
/// </summary>
/// <remarks>VERSO_EXPLORE_DEPTH sets the length of the longest sequences.</remarks>
public sealed class ExplorationTests(ITestOutputHelper output)
{
    private const int Depth = 4;
    private const int DepthOfBroken = 5;

    public static TheoryData<string> Broken { get; } =
        [.. Catalogue.Designs.SelectMany(entry => entry.Variants(Soundness.Broken)).Select(entry => entry.Facts.Name)];

    /// <summary>
    /// The first sequence that fails is the shortest there is; a machine that has done nothing else fails with it too.
    /// </summary>
    [Theory]
    [MemberData(nameof(Broken))]
    public void ABrokenFormIsFoundOut(string design)
    {
        string[] words = design.Split(':', '=');
        Catalogue.Entry entry = DesignCases.Named(words[0]).With(words[1], words[2]);
        Explorer explorer = new(entry);
        explorer.Run(DepthOfBroken);
        string counts = $"{design}: {explorer.Sequences} sequences, {explorer.States} states";
        Assert.True(explorer.Failing is not null, $"{counts}, none fails");
        output.WriteLine($"{counts}; smallest that fails: {Line(explorer.Failing)}: {explorer.Message}");
        Assert.NotNull(ScenarioRun.Run(entry, explorer.Failing));
        DesignCases.AssertRuns(DesignCases.Named(words[0]), explorer.Failing with { IsStrict = true });
    }

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void NoStateOfASmallWorldBreaksADesign(string design)
    {
        int depth = int.Parse(
            Environment.GetEnvironmentVariable("VERSO_EXPLORE_DEPTH") ?? $"{Depth}", CultureInfo.InvariantCulture);
        Explorer explorer = new(DesignCases.Named(design));
        explorer.Run(depth);
        string counts = $"{design}: {explorer.Sequences} sequences of up to {depth} steps, {explorer.States} states";
        output.WriteLine(counts);
        Assert.True(explorer.Failing is null, $"{counts}\n{Line(explorer.Failing)}: {explorer.Message}");
        Assert.True(explorer.States > depth && explorer.Sequences > explorer.States, counts);
    }

    private static string Line(Scenario? scenario) => string.Join("; ", scenario?.Ops ?? []);
}
