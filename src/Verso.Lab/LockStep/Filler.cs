using System.Globalization;
using Verso.Engine;
using Verso.Lab.Scenarios;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Lab.LockStep;

/// <summary>
/// VMAs of one page each that bring an address space near vm.max_map_count, which is one for the whole machine: a
/// scenario then meets the limit after a few of its own. They lie above the puppet's image and below all scenarios.
/// </summary>
/// <remarks>
/// <code>
///   0x10000000  -- dontdump -- dontdump ...      inaccessible, so that no call populates them; neighbours never merge
/// </code>
/// </remarks>
internal static class Filler
{
    /// <summary>Beyond this, filling takes seconds and hundreds of megabytes.</summary>
    private const int MostLimit = 1 << 18;

    private const int LeastLimit = 4 * Scenario.MostMaxMaps;

    /// <summary>Where the first begins, in bytes.</summary>
    public const ulong Start = 0x1000_0000;

    /// <summary>Where none begins any more.</summary>
    public const ulong End = Start + ((ulong)MostLimit * Page.Size);

    private const string Setting = "/proc/sys/vm/max_map_count";

    /// <summary>Why no address space can be filled here, in one line; null if one can.</summary>
    public static string? Unavailable() => Limit() is >= LeastLimit and <= MostLimit
        ? null
        : $"vm.max_map_count is {Limit()}: --max-maps needs a value from {LeastLimit} to {MostLimit}";

    /// <summary>
    /// What there is before any scenario: an even number, so that what is added does not merge with the last.
    /// </summary>
    public static int Base() => (Limit() - 1 - Scenario.MostMaxMaps) & ~1;

    /// <summary>How many there are if a scenario is to have so many; one is the puppet's own.</summary>
    public static int Count(int left) => Limit() - 1 - left;

    /// <summary>Makes those from one number to another.</summary>
    public static void Fill(Puppet puppet, int from, int to)
    {
        const ulong PrivateFixed = (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        PuppetOutcome mapped = puppet.Call(
            SystemCallNumber.Mmap, Address(from), Address(to) - Address(from), 0, PrivateFixed, ulong.MaxValue, 0);
        PuppetOutcome advised = to - from < 2 ? default : puppet.CallEach(
            SystemCallNumber.Madvise,
            Address(from + 1),
            stride: 2 * Page.Size,
            count: (to - from) / 2,
            Page.Size,
            (ulong)Advice.DontDump);
        if (mapped.Result != (long)Address(from) || advised.Result != 0)
        {
            throw new KernelStageException($"an address space cannot be filled: {mapped}, {advised}");
        }
    }

    private static ulong Address(int number) => Start + ((ulong)number * Page.Size);

    private static int Limit() => int.Parse(File.ReadAllText(Setting), CultureInfo.InvariantCulture);
}
