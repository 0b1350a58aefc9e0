using System.Diagnostics;
using Verso.Linux;
using Verso.Linux.Counting;
using Verso.Linux.Graph;
using Verso.Linux.Proc;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Cli;

/// <summary>
/// What verso watch does: counts, again and again, and reads who is near. What comes of a reading is written by another
/// thread, so that the next process is not missed meanwhile.
/// </summary>
internal sealed class WatchLoop(Surroundings surroundings, ProcessSelection selection)
{
    /// <summary>
    /// Seconds. Who grows from a tenth of the limit to all of it in 5 s has 1.1 s from 80 % to the end.
    /// </summary>
    internal const double UsualInterval = 0.25;

    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(500);

    internal required double Above { get; init; }

    internal required TimeSpan Interval { get; init; }

    /// <summary>How long; null: until somebody ends it.</summary>
    internal required TimeSpan? Time { get; init; }

    internal required bool IsOnce { get; init; }

    internal required string Folder { get; init; }

    internal required string? Hook { get; init; }

    internal required bool IsJson { get; init; }

    internal int Run()
    {
        using Interruption interruption = new();
        using GraphReader? reader = TryOpen(out string? refusal);
        ProcVmaCounter proc = new();
        IVmaCounter counter = reader is null ? proc : new KernelVmaCounter(reader);
        using WatchWriter writer = new(surroundings, Folder, Hook, IsJson);
        AlarmLevels levels = new(Above);
        long begin = Stopwatch.GetTimestamp();
        int told = 0;
        for (bool isFirst = true; ; isFirst = false)
        {
            told += Look(reader, counter, levels, writer);
            if (isFirst && reader is null)
            {
                SayRefused(proc, refusal!);
            }

            if (IsOnce || (Time is TimeSpan time && Stopwatch.GetElapsedTime(begin) + Interval > time))
            {
                break;
            }

            if (selection.IsOfNamed && selection.Pids!.All(pid => !Directory.Exists($"/proc/{pid}")))
            {
                surroundings.Say($"verso watch: {Printable.Of(selection.Text)} ended\n");
                break;
            }

            if (Wait(interruption.Token))
            {
                writer.Hurry();
                break;
            }
        }

        writer.Finish();
        return IsOnce && told > 0 ? ExitStatus.Differs : ExitStatus.Success;
    }

    private static GraphReader? TryOpen(out string? refusal)
    {
        try
        {
            refusal = null;
            return GraphReader.Open();
        }
        catch (GraphUnavailableException reason)
        {
            refusal = reason.Message;
            return null;
        }
    }

    private void SayRefused(ProcVmaCounter proc, string refusal) => surroundings.Say(
        "verso watch: counted from /proc, without snapshots"
        + (proc.Refused == 0 ? "" : $" and without {Figures.Plural(proc.Refused, "process", "processes")} of others")
        + $": {Printable.Of(refusal)}\n");

    /// <summary>How many were told of.</summary>
    private int Look(GraphReader? reader, IVmaCounter counter, AlarmLevels levels, WatchWriter writer)
    {
        int limit = MapCountLimit.Read();
        IReadOnlyList<VmaCount> counts = counter.Read(levels.Least(limit), selection.IsOfNamed ? selection.Pids : null);
        if (!selection.IsOfNamed && selection.Pids is not null && counts.Count > 0)
        {
            // A control group, which has the members that it has now.
            IReadOnlyList<int> members = selection.Again().Pids!;
            counts = [.. counts.Where(count => members.Contains(count.Pid))];
        }

        int told = 0;
        foreach (VmaAlarm alarm in levels.Judge(counts, limit, Stopwatch.GetTimestamp()))
        {
            writer.Add(Read(reader, alarm));
            told++;
        }

        return told;
    }

    // It may end at any moment; that it was near its limit is worth telling all the same.
    private static WatchReading Read(GraphReader? reader, VmaAlarm alarm)
    {
        WatchReading reading = new(
            new WatchReport(alarm, DateTimeOffset.UtcNow.ToUnixTimeSeconds(), ControlGroup.Of(alarm.Count.Pid)));
        try
        {
            return reader is not null
                ? reading with
                {
                    Snapshot = SnapshotTaker.Take(reader, ProcessSelection.OfPids([alarm.Count.Pid])),
                }
                : reading with { Space = ProcSpaceReader.Read(alarm.Count.Pid, attempts: 1) };
        }
        catch (ProcessSelectionException reason)
        {
            return reading with { Problem = reason.Message };
        }
    }

    /// <summary>Whether somebody ends it, or nobody reads what it says any more.</summary>
    private bool Wait(CancellationToken token)
    {
        long begin = Stopwatch.GetTimestamp();
        TimeSpan left = Interval;
        while (left > TimeSpan.Zero)
        {
            if (DescriptorStream.Output.HasLostItsReader
                || token.WaitHandle.WaitOne(left < s_glance ? left : s_glance))
            {
                return true;
            }

            left = Interval - Stopwatch.GetElapsedTime(begin);
        }

        return false;
    }
}

/// <summary>A process near its limit, as it was read.</summary>
internal sealed record WatchReading(WatchReport Report)
{
    internal Snapshot? Snapshot { get; init; }

    internal ProcSpace? Space { get; init; }

    /// <summary>Why it could not be read; null if it could.</summary>
    internal string? Problem { get; init; }
}
