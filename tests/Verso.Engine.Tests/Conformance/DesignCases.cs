using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>What theories run over: every design, or those that VERSO_CONFORMANCE_DESIGN leaves.</summary>
public static class DesignCases
{
    private static readonly Catalogue.Entry[] _designs =
    [
        .. Catalogue.Designs,
        ToyDesign.Entry,
    ];

    private static readonly string _chosen = Environment.GetEnvironmentVariable("VERSO_CONFORMANCE_DESIGN") ?? "";

    private static readonly Dictionary<string, Catalogue.Entry> _entries = _designs
        .SelectMany(entry => entry.Variants(Soundness.Sound).Prepend(entry))
        .ToDictionary(entry => entry.Facts.Name);

    /// <summary>
    /// The name of every design of the catalogue, also with each of its options: a new one gets the whole suite by being
    /// there, as the toy does by its line here.
    /// </summary>
    public static TheoryData<string> All { get; } = _entries.Keys.Any(IsChosen)
        ? [.. _entries.Keys.Where(IsChosen)]
        : throw new ArgumentException(
            $"VERSO_CONFORMANCE_DESIGN={_chosen}: no design's name begins so; there are {string.Join(", ", _entries.Keys)}");

    /// <summary>
    /// The name of every design whose memory objects know where a page is. A theory needs data: what is not chosen, it skips.
    /// </summary>
    public static TheoryData<string> ObjectOwned { get; } =
        [.. _entries.Values.Where(entry => entry.Facts.Owner == PageOwner.Object).Select(entry => entry.Facts.Name)];

    /// <summary>Every design as it is by default, chosen or not; the first is the oracle.</summary>
    internal static IReadOnlyList<Catalogue.Entry> Designs => _designs;

    /// <summary>Whether VERSO_CONFORMANCE_DESIGN leaves a design.</summary>
    internal static bool IsChosen(string name) => name.StartsWith(_chosen, StringComparison.Ordinal);

    internal static Catalogue.Entry Named(string name) =>
        _entries.GetValueOrDefault(name) ?? throw new ArgumentException($"no design {name}");

    /// <summary>Fails with the scenario as text if it fails on this design.</summary>
    internal static void AssertRuns(Catalogue.Entry design, Scenario scenario)
    {
        Failure? failure = ScenarioRun.Run(design, scenario);
        Assert.True(failure is null, $"{design.Facts.Name}, step {failure?.Step}: {failure?.Message}\n{scenario}");
    }
}
