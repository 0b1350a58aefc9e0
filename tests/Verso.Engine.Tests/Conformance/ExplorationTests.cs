using System.Globalization;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// Every sequence of steps in a small world, on every design: no state of it breaks the specification.
/// </summary>
/// <remarks>VERSO_EXPLORE_DEPTH sets the length of the longest sequences.</remarks>
public sealed class ExplorationTests(ITestOutputHelper output)
{
    private const int DepthOfBroken = 5;
    private static readonly int _depth = int.Parse(
        Environment.GetEnvironmentVariable("VERSO_EXPLORE_DEPTH") ?? "4", CultureInfo.InvariantCulture);

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
        Explorer explorer = new(entry, SmallWorld.Anonymous);
        explorer.Run(DepthOfBroken);
        string counts = $"{design}: {explorer.Sequences} sequences, {explorer.States.Count} states";
        Assert.True(explorer.Failing is not null, $"{counts}, none fails");
        output.WriteLine($"{counts}; smallest that fails: {Line(explorer.Failing)}: {explorer.Message}");
        Assert.NotNull(ScenarioRun.Run(entry, explorer.Failing));
        DesignCases.AssertRuns(DesignCases.Named(words[0]), explorer.Failing with { IsStrict = true });
    }

    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void NoStateOfASmallWorldBreaksADesign(string design)
    {
        Explore(design, SmallWorld.Anonymous, _depth);
    }

    /// <summary>The same with a file that is mapped privately, and shared memory; one step less deep.</summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void NoStateOfASmallWorldOfFilesBreaksADesign(string design)
    {
        Explore(design, SmallWorld.Files, _depth - 1);
    }

    private void Explore(string design, SmallWorld world, int depth)
    {
        Explorer explorer = new(DesignCases.Named(design), world);
        explorer.Run(depth);
        string counts = $"{design}: {explorer.Sequences} sequences of up to {depth} steps, {explorer.States.Count} states";
        output.WriteLine(counts);
        Assert.True(explorer.Failing is null, $"{counts}\n{Line(explorer.Failing)}: {explorer.Message}");
        Assert.True(explorer.States.Count > depth && explorer.Sequences > explorer.States.Count, counts);
    }

    /// <summary>
    /// States that are held to be the same go on alike: pruning changes nothing about what is reached. Tried one step less
    /// deep, since all sequences are ten times as many there.
    /// </summary>
    [Theory]
    [MemberData(nameof(DesignCases.All), MemberType = typeof(DesignCases))]
    public void PruningLosesNoState(string design)
    {
        Explorer every = new(DesignCases.Named(design), SmallWorld.Anonymous, Pruning.None);
        every.Run(_depth - 1);
        Explorer pruned = new(DesignCases.Named(design), SmallWorld.Anonymous);
        pruned.Run(_depth - 1);
        output.WriteLine($"{design}: {every.Sequences} sequences, {pruned.Sequences} pruned; {every.States.Count} states");
        Assert.True(every.Sequences > 2 * pruned.Sequences);
        Assert.Equal(every.States.Order(), pruned.States.Order());
    }

    private static string Line(Scenario? scenario) => string.Join("; ", scenario?.Ops ?? []);
}
