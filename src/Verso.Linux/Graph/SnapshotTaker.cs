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
        ProcessReading[] readings = [.. read.Readings.OrderBy(reading => reading.Process.Pid)];
        ProcessGraph[] processes = [.. readings.Select(reading => reading.Process)];
        if (detail == SnapshotDetail.GraphAndMemory)
        {
            var files = reader.Files;
            CountMemory(processes, files);
            DoubtFilePages(reader, readings, processes, files);
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

    // Two files of /proc each: two processors halve a third of what a snapshot of many processes takes.
    private static void CountMemory(ProcessGraph[] processes, IReadOnlyList<FileIdentity> files)
    {
        var upper = Task.Run(() => CountMemory(processes.AsSpan(processes.Length / 2), files));
        CountMemory(processes.AsSpan(0, processes.Length / 2), files);
        upper.GetAwaiter().GetResult();
    }

    private static void CountMemory(Span<ProcessGraph> processes, IReadOnlyList<FileIdentity> files)
    {
        MemoryCounters counters = new();
        FilePageCounter pages = new(files);
        foreach (ref var process in processes)
        {
            var memory = counters.Read(process.Pid);
            process = process with
            {
                Memory = memory,
                FilePages = memory is null ? null : pages.Count(process.Pid, process.Image),
            };
        }
    }

    /// <summary>
    /// Pages were counted by address, later than the addresses were read: a process whose address space changed since
    /// is read once more, and where a file mapping is not what it was the count is worth nothing.
    /// </summary>
    private static void DoubtFilePages(
        GraphReader reader, ProcessReading[] readings, ProcessGraph[] processes, IReadOnlyList<FileIdentity> files)
    {
        var holders = reader.ReadHolders();
        FilePageCounter pages = new(files);
        for (var at = 0; at < readings.Length; at++)
        {
            var image = processes[at].Image;
            if (processes[at].FilePages?.Reading != FilePagesReading.Counted || readings[at].IsSteady(holders))
            {
                continue;
            }

            var later = image.Identity != 0 && readings[at].IsHeld(holders)
                ? reader.ReadOnce([processes[at].Pid]).FirstOrDefault()?.Process.Image : null;
            if (later?.Identity != image.Identity || !pages.AreKept(image, later))
            {
                processes[at] = processes[at] with { FilePages = FilePages.NotKnown(FilePagesReading.Changed) };
            }
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
    public static SnapshotHeader Describe(
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
