using System.Globalization;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Live;

/// <summary>A VMA as /proc/PID/smaps shows it.</summary>
/// <param name="Start">First byte address.</param>
/// <param name="End">One past the last.</param>
/// <param name="Flags">VmFlags; those that smaps does not show are never set.</param>
/// <param name="Offset">Bytes into the file; 0 where there is none, since the kernel hides it there.</param>
/// <param name="Name">Path of the file, "shared" for shared anonymous memory, or empty.</param>
internal sealed record LiveVma(ulong Start, ulong End, VmaFlags Flags, ulong Offset, string Name)
{
    private static readonly Dictionary<string, VmaFlags> Mnemonics = new()
    {
        ["rd"] = VmaFlags.Read,
        ["wr"] = VmaFlags.Write,
        ["ex"] = VmaFlags.Exec,
        ["sh"] = VmaFlags.Shared,
        ["mr"] = VmaFlags.MayRead,
        ["mw"] = VmaFlags.MayWrite,
        ["me"] = VmaFlags.MayExec,
        ["ms"] = VmaFlags.MayShare,
        ["gd"] = VmaFlags.GrowsDown,
        ["pf"] = VmaFlags.PfnMap,
        ["gu"] = VmaFlags.MaybeGuard,
        ["lo"] = VmaFlags.Locked,
        ["io"] = VmaFlags.Io,
        ["sr"] = VmaFlags.SeqRead,
        ["rr"] = VmaFlags.RandRead,
        ["dc"] = VmaFlags.DontCopy,
        ["de"] = VmaFlags.DontExpand,
        ["lf"] = VmaFlags.LockOnFault,
        ["ac"] = VmaFlags.Account,
        ["nr"] = VmaFlags.NoReserve,
        ["ht"] = VmaFlags.HugeTlb,
        ["sf"] = VmaFlags.Sync,
        ["ar"] = VmaFlags.Arch1,
        ["wf"] = VmaFlags.WipeOnFork,
        ["dd"] = VmaFlags.DontDump,
        ["sd"] = VmaFlags.SoftDirty,
        ["mm"] = VmaFlags.MixedMap,
        ["hg"] = VmaFlags.HugePage,
        ["nh"] = VmaFlags.NoHugePage,
        ["mg"] = VmaFlags.Mergeable,
        ["um"] = VmaFlags.UffdMissing,
        ["uw"] = VmaFlags.UffdWp,
        ["dp"] = (VmaFlags)(1UL << 40),
    };

    /// <summary>Kilobytes of anonymous pages, from which a VMA is known to have been written.</summary>
    public int AnonymousKilobytes { get; init; }

    public bool Equals(LiveVma? other) =>
        other is not null && Start == other.Start && End == other.End && Flags == other.Flags
        && Offset == other.Offset && Name == other.Name;

    public override int GetHashCode() => Start.GetHashCode();

    public override string ToString() => $"{Start:x}-{End:x} +{Offset:x} [{Flags}] {Name}";

    /// <summary>The text of an smaps file.</summary>
    public static List<LiveVma> Parse(IEnumerable<string> lines)
    {
        List<LiveVma> vmas = [];
        foreach (string line in lines)
        {
            if (line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                vmas[^1] = vmas[^1] with { Flags = ParseFlags(line) };
            }
            else if (line.StartsWith("Anonymous:", StringComparison.Ordinal))
            {
                string kilobytes = line[10..].Replace("kB", "", StringComparison.Ordinal);
                vmas[^1] = vmas[^1] with { AnonymousKilobytes = int.Parse(kilobytes, CultureInfo.InvariantCulture) };
            }
            else if (char.IsAsciiHexDigitLower(line[0]))
            {
                vmas.Add(ParseHeading(line));
            }
        }

        return vmas;
    }

    private static LiveVma ParseHeading(string line)
    {
        string[] fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        string[] bounds = fields[0].Split('-');
        string name = fields.Length > 5 ? fields[5].Trim() : "";
        return new LiveVma(
            Hex(bounds[0]), Hex(bounds[1]), VmaFlags.None, Hex(fields[2]), name == "/dev/zero (deleted)" ? "shared" : name);
    }

    private static VmaFlags ParseFlags(string line)
    {
        VmaFlags flags = VmaFlags.None;
        foreach (string mnemonic in line[8..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            flags |= Mnemonics[mnemonic];
        }

        return flags;
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
