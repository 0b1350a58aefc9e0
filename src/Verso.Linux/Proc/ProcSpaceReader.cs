using System.Globalization;
using System.Text;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Proc;

/// <summary>Reads an address space from smaps, numa_maps and maps: what a process's own user may read of it.</summary>
/// <remarks>
/// The PROCMAP_QUERY ioctl (6.11) tells less of a VMA than smaps does: four of its flags, and of anonymous memory no
/// page offset either. All it is better at is to find one VMA among many.
/// </remarks>
public static class ProcSpaceReader
{
    /// <summary>How often a process is read again that changed while it was read.</summary>
    private const int Attempts = 3;

    private const int StartTimeField = 19;
    private const ulong NanosecondsOfTick = 10_000_000;
    private const int BufferBytes = 1 << 16;

    /// <summary>Reads a process now.</summary>
    /// <exception cref="ProcessSelectionException">
    /// It cannot be read; the message is one line that says why.
    /// </exception>
    public static ProcSpace Read(int pid) => Read(pid, Attempts + 1);

    /// <summary>The same, but of a process that changes all the time no more than so many readings are made.</summary>
    public static ProcSpace Read(int pid, int attempts)
    {
        var selection = ProcessSelection.OfPids([pid]);
        var header = SnapshotTaker.Describe(selection, DateTimeOffset.UtcNow, TimeSpan.Zero);
        ProcSpace? before = null;
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var space = ReadOnce(pid, header);
                if (space.Process.Reading == GraphReading.Whole || attempt >= attempts)
                {
                    return space;
                }

                before = space;
            }
        }
        catch (Exception ended) when (before is not null && ended is (IOException or ProcessSelectionException))
        {
            return before;
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new ProcessSelectionException(Refusal(pid), refused);
        }
        catch (FormatException strange)
        {
            throw new ProcessSelectionException($"/proc/{pid}: {strange.Message}", strange);
        }
        catch (IOException gone)
        {
            throw new ProcessSelectionException($"process {pid} ended before it was read", gone);
        }
    }

    private static ProcSpace ReadOnce(int pid, SnapshotHeader header)
    {
        var folder = $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}";
        var command = File.ReadAllText($"{folder}/comm").TrimEnd('\n');
        var start = StartOf(folder);
        IReadOnlyList<SmapsEntry> entries;
        using (var smaps = Open(folder, "smaps"))
        {
            entries = Smaps.Read(smaps);
        }

        if (entries.Count == 0)
        {
            throw new ProcessSelectionException($"process {pid} has ended: its address space is gone");
        }

        var (policies, isSteady) = ReadRest(folder, entries);
        ProcSpaceAssembler assembler = new();
        foreach (var entry in entries)
        {
            isSteady &= policies.TryGetValue(entry.Line.Start, out var policy) || entry.Line.Start >= Page.TaskSize;
            assembler.Add(entry, policy);
        }

        MmImage image = new()
        {
            Vmas = assembler.Vmas,
            AnonVmas = [],
            StartBrk = assembler.HeapRange.Start,
            Brk = assembler.HeapRange.End,
            StartStack = assembler.StartStack,
        };
        return new ProcSpace
        {
            Header = header,
            Process = new ProcessGraph(
                pid,
                command,
                start,
                image,
                isSteady ? GraphReading.Whole : GraphReading.Changed),
            Files = assembler.Files,
            Evidence = assembler.Evidence,
        };
    }

    // Who dies of having too many VMAs may do so now: what was read is worth having all the same.
    private static (IReadOnlyDictionary<ulong, string> Policies, bool IsSteady) ReadRest(
        string folder, IReadOnlyList<SmapsEntry> entries)
    {
        try
        {
            return (Policies(folder, entries), IsAsIn(folder, entries));
        }
        catch (IOException)
        {
            return (new Dictionary<ulong, string>(), false);
        }
    }

    // Without CONFIG_NUMA there is no such file, and no policy either (mpol_equal is always true).
    private static IReadOnlyDictionary<ulong, string> Policies(string folder, IReadOnlyList<SmapsEntry> entries)
    {
        if (!File.Exists($"{folder}/numa_maps"))
        {
            return entries.ToDictionary(entry => entry.Line.Start, _ => NumaMaps.NoPolicy);
        }

        using var text = Open(folder, "numa_maps");
        return NumaMaps.Read(text);
    }

    /// <summary>Whether the process still has the VMAs that were read before.</summary>
    private static bool IsAsIn(string folder, IReadOnlyList<SmapsEntry> entries)
    {
        using var maps = Open(folder, "maps");
        var at = 0;
        while (maps.ReadLine() is string line)
        {
            if (at == entries.Count || MapsLine.Parse(line) != entries[at++].Line)
            {
                return false;
            }
        }

        return at == entries.Count;
    }

    private static StreamReader Open(string folder, string file) =>
        new($"{folder}/{file}", Encoding.UTF8, detectEncodingFromByteOrderMarks: false, BufferBytes);

    private static ulong StartOf(string folder)
    {
        var stat = File.ReadAllText($"{folder}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return ulong.Parse(fields[StartTimeField], CultureInfo.InvariantCulture) * NanosecondsOfTick;
    }

    private static string Refusal(int pid)
    {
        var owner = UserOf(pid.ToString(CultureInfo.InvariantCulture));
        return owner is null ? $"process {pid} ended before it was read"
            : Environment.IsPrivilegedProcess
                ? $"process {pid} may not be read by this root: CAP_SYS_PTRACE is missing, or a security module refuses"
            : owner == UserOf("self")
                ? $"process {pid} is not dumpable, so only root may read its maps: run this as root"
            : $"process {pid} belongs to {(owner == "0" ? "root" : $"user {owner}")}: run this as that user or as root";
    }

    // Null if it has ended since: nothing that is thrown where this is asked is caught any more.
    private static string? UserOf(string process)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status")
                .FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal))?.Split('\t')[1];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
