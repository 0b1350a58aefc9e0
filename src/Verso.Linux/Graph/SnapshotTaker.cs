using System.Diagnostics;
using System.Globalization;
using Verso.Engine.Images;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Graph;

/// <summary>Takes snapshots of live processes. Nobody is stopped.</summary>
public static class SnapshotTaker
{
    /// <summary>
    /// Reads the processes now: those that live when the reading is over, of one moment as far as they rest, and
    /// related only if they are (<see cref="CommonMoment"/>).
    /// </summary>
    /// <param name="reader">The kernel's VMAs and graph.</param>
    /// <param name="selection">Which processes.</param>
    /// <param name="detail">What is read of them.</param>
    /// <exception cref="GraphUnavailableException">The kernel refuses.</exception>
    /// <exception cref="ProcessSelectionException">No process that was named can be read.</exception>
    public static Snapshot Take(
        GraphReader reader, ProcessSelection selection, SnapshotDetail detail = SnapshotDetail.GraphAndMemory)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(selection);
        var taken = DateTimeOffset.UtcNow;
        var clock = Stopwatch.StartNew();
        var read = CommonMoment.Read(reader, selection.Pids);
        ProcessGraph[] processes = [.. read.Processes.OrderBy(process => process.Pid)];
        if (detail == SnapshotDetail.GraphAndMemory)
        {
            CountMemory(processes);
        }

        var duration = clock.Elapsed;
        var found = processes.Select(process => process.Pid).ToHashSet();
        int[] missing = [.. (selection.Pids ?? []).Where(pid => !found.Contains(pid))];
        selection.RequireRead(missing);
        return new Snapshot
        {
            Header = Describe(selection, taken, duration),
            Files = FilesOf(reader, processes),
            Processes = processes,
            Ended = selection.Pids is null ? read.Ended : missing,
        };
    }

    // A file of /proc each: two processors halve an eighth of what a snapshot of many processes takes.
    private static void CountMemory(ProcessGraph[] processes)
    {
        var upper = Task.Run(() => CountMemory(processes.AsSpan(processes.Length / 2)));
        CountMemory(processes.AsSpan(0, processes.Length / 2));
        upper.GetAwaiter().GetResult();
    }

    private static void CountMemory(Span<ProcessGraph> processes)
    {
        MemoryCounters counters = new();
        foreach (ref var process in processes)
        {
            process = process with { Memory = counters.Read(process.Pid) };
        }
    }

    private static FileIdentity[] FilesOf(GraphReader reader, ProcessGraph[] processes)
    {
        var files = reader.Files;
        var used = new bool[files.Count + 1];
        foreach (var process in processes)
        {
            foreach (var vma in process.Image.Vmas.AsSpan())
            {
                used[vma.File.Value] = true;
            }
        }

        return [.. files.Where(file => used[file.File.Value])];
    }

    /// <summary>What a reading says of itself.</summary>
    internal static SnapshotHeader Describe(
        ProcessSelection selection, DateTimeOffset taken, TimeSpan duration) => new()
        {
            Kernel = Setting("/proc/sys/kernel/osrelease"),
            PageSizeBytes = Environment.SystemPageSize,
            MaxMapCount = int.Parse(Setting("/proc/sys/vm/max_map_count"), CultureInfo.InvariantCulture),
            TakenUnixSeconds = taken.ToUnixTimeSeconds(),
            DurationNanoseconds = (long)duration.TotalNanoseconds,
            Selection = selection.Text,
        };

    private static string Setting(string path) => File.ReadAllText(path).Trim();
}
