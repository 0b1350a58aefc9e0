using System.Globalization;

namespace Verso.Tests;

/// <summary>Where random tests begin: the same place in every run, unless VERSO_SEED says another.</summary>
internal static class RandomSeed
{
    public static int First { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("VERSO_SEED"), CultureInfo.InvariantCulture, out int seed)
            ? seed
            : 1;
}
