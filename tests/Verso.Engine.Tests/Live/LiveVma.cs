using Verso.Engine.Vmas;
using Verso.Linux.Proc;

namespace Verso.Engine.Tests.Live;

/// <summary>A VMA as /proc/PID/smaps shows it.</summary>
/// <param name="Start">First byte address.</param>
/// <param name="End">One past the last.</param>
/// <param name="Flags">VmFlags; those that smaps does not show are never set.</param>
/// <param name="Offset">Bytes into the file; 0 where there is none, since the kernel hides it there.</param>
/// <param name="Name">Path of the file, "shared" for shared anonymous memory, or empty.</param>
internal sealed record LiveVma(ulong Start, ulong End, VmaFlags Flags, ulong Offset, string Name)
{
    /// <summary>Bytes of anonymous pages, from which a VMA is known to have been written.</summary>
    public long AnonymousBytes { get; init; }

    public bool Equals(LiveVma? other) =>
        other is not null && Start == other.Start && End == other.End && Flags == other.Flags
        && Offset == other.Offset && Name == other.Name;

    public override int GetHashCode() => Start.GetHashCode();

    public override string ToString() => $"{Start:x}-{End:x} +{Offset:x} [{Flags}] {Name}";

    /// <summary>The VMAs of a process now.</summary>
    public static List<LiveVma> Read(int pid)
    {
        using StreamReader text = File.OpenText($"/proc/{pid}/smaps");
        return [.. Smaps.Read(text).Select(Of)];
    }

    private static LiveVma Of(SmapsEntry entry) => new(
        entry.Line.Start,
        entry.Line.End,
        entry.Flags,
        entry.Line.OffsetBytes,
        entry.Line.Name == "/dev/zero (deleted)" ? "shared" : entry.Line.Name)
    {
        AnonymousBytes = entry.AnonymousBytes,
    };
}
