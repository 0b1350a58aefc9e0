namespace Verso.Lab.Explain;

/// <summary>What would make one VMA of those that holes keep apart.</summary>
internal static class HoleRemedies
{
    internal static IReadOnlyList<Remedy> All => [Keep, Fill];

    /// <summary>What was never unmapped.</summary>
    internal static Remedy Keep { get; } = new(
        "Give memory back with madvise MADV_DONTNEED and keep it mapped, or unmap whole runs: each munmap inside a VMA "
        + "adds a VMA, and at the limit it fails itself.",
        RemedyBasis.Measured,
        "scenarios/holes/kept.txt");

    /// <summary>What is filled now.</summary>
    internal static Remedy Fill { get; } = new(
        "Map over the holes with the same protection and flags (MAP_FIXED_NOREPLACE).",
        RemedyBasis.Measured,
        "scenarios/holes/filled.txt");
}
