using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Verso.Lab.Explain;
using Verso.Linux;
using Verso.Linux.Counting;
using Verso.Reports.Json;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Cli;

/// <summary>
/// Writes what was read of processes near their limit, says it, and runs the hook: one after the other, on a thread of
/// its own.
/// </summary>
internal sealed class WatchWriter : IDisposable
{
    /// <summary>Readings that may wait; a large one has some 20 MB.</summary>
    private const int MostWaiting = 8;

    private const int MostOfName = 32;

    /// <summary>A hook that takes longer is left to itself.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Surroundings _surroundings;
    private readonly string _folder;
    private readonly string? _hook;
    private readonly bool _isJson;
    private readonly BlockingCollection<WatchReading> _waiting = new(MostWaiting);
    private readonly CancellationTokenSource _hurry = new();
    private readonly Task _task;

    internal WatchWriter(Surroundings surroundings, string folder, string? hook, bool isJson)
    {
        (_surroundings, _folder, _hook, _isJson) = (surroundings, folder, hook, isJson);
        _task = Task.Factory.StartNew(
            WriteAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>To be written; waits where much waits already, and throws what writing threw.</summary>
    internal void Add(WatchReading reading)
    {
        while (!_waiting.TryAdd(reading, TimeSpan.FromSeconds(1)))
        {
            if (_task.IsCompleted)
            {
                _task.GetAwaiter().GetResult();
                return;
            }
        }
    }

    /// <summary>Somebody wants to end: hooks are not waited for.</summary>
    internal void Hurry() => _hurry.Cancel();

    /// <summary>Writes all that waits.</summary>
    internal void Finish()
    {
        _waiting.CompleteAdding();
        _task.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _waiting.CompleteAdding();
        _ = Task.WhenAny(_task).GetAwaiter().GetResult();
        _waiting.Dispose();
        _hurry.Dispose();
    }

    private void WriteAll()
    {
        foreach (WatchReading reading in _waiting.GetConsumingEnumerable())
        {
            WatchReport report = WriteFiles(reading);
            _surroundings.Output.Write(_isJson ? JsonReport.Render(report) : _surroundings.Fit(WatchText.Line(report)));
            _surroundings.Output.Flush();
            if (_hook is not null)
            {
                RunHook(report);
            }
        }
    }

    private WatchReport WriteFiles(WatchReading reading)
    {
        WatchReport report = reading.Report;
        if (reading.Problem is not null)
        {
            Say(reading.Problem);
            return report;
        }

        (string snapshotPath, string textPath) = FreeNames(report);
        if (reading.Snapshot is Snapshot snapshot
            && Write(snapshotPath, stream => SnapshotFile.Write(stream, snapshot)))
        {
            report = report with { Snapshot = snapshotPath };
        }

        try
        {
            SpaceExplanation explanation = reading.Snapshot is Snapshot whole
                ? ExplainCommand.Explain(whole, report.Alarm.Count.Pid)
                : ExplainCommand.Explain(reading.Space!);
            byte[] text = Encoding.UTF8.GetBytes(
                ExplainBriefText.Render(explanation, Prose.Columns, Palette.Plain, pointsToFull: false) + "\n"
                + ExplainText.Render(explanation, Palette.Plain));
            report = report with
            {
                Explanation = explanation,
                ExplanationFile = Write(textPath, stream => stream.Write(text)) ? textPath : null,
            };
        }
        catch (Linux.Graph.ProcessSelectionException reason)
        {
            Say(reason.Message);
        }

        return report;
    }

    /// <summary>Two names beside each other that nothing has.</summary>
    private (string Snapshot, string Text) FreeNames(WatchReport report)
    {
        string command = string.Concat(report.Alarm.Count.Command.Take(MostOfName).Select(
            letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '_'));
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"verso-{report.Alarm.Count.Pid}-{command}-"
                + $"{DateTimeOffset.FromUnixTimeSeconds(report.TakenUnixSeconds):yyyyMMdd'T'HHmmss'Z'}");
        string stem = Path.Combine(_folder, name);
        for (int number = 2; Path.Exists($"{stem}.vsnap") || Path.Exists($"{stem}.txt"); number++)
        {
            stem = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"));
        }

        return ($"{stem}.vsnap", $"{stem}.txt");
    }

    /// <summary>A new file for its owner's eyes: addresses are secrets. A full disk is no reason to stop.</summary>
    private bool Write(string path, Action<Stream> write)
    {
        bool isBegun = false;
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using FileStream file = new(path, options);
            isBegun = true;
            write(file);
            return true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            Say(FileProblem.Text(problem));
            if (isBegun)
            {
                Delete(path);
            }

            return false;
        }
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Why it is not whole has been said.
        }
    }

    private void RunHook(WatchReport report)
    {
        VmaAlarm alarm = report.Alarm;
        ProcessStartInfo start = new("/bin/sh", ["-c", "exec >&2\n" + _hook])
        {
            Environment =
            {
                ["VERSO_PID"] = alarm.Count.Pid.ToString(CultureInfo.InvariantCulture),
                ["VERSO_COMM"] = alarm.Count.Command,
                ["VERSO_VMAS"] = alarm.Count.Vmas.ToString(CultureInfo.InvariantCulture),
                ["VERSO_LIMIT"] = alarm.Limit.ToString(CultureInfo.InvariantCulture),
                ["VERSO_SNAPSHOT"] = report.Snapshot ?? "",
                ["VERSO_EXPLANATION"] = report.ExplanationFile ?? "",
            },
        };
        try
        {
            using Process hook = Process.Start(start)!;
            using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(_hurry.Token);
            late.CancelAfter(s_patience);
            hook.WaitForExitAsync(late.Token).GetAwaiter().GetResult();
            if (hook.ExitCode != 0)
            {
                Say(string.Create(CultureInfo.InvariantCulture, $"the hook returned {hook.ExitCode}"));
            }
        }
        catch (OperationCanceledException)
        {
            Say("the hook is still running; not waited for");
        }
        catch (Win32Exception problem)
        {
            Say($"the hook cannot be run: {problem.Message}");
        }
    }

    private void Say(string problem) => _surroundings.Say($"verso watch: {Printable.Of(problem)}\n");
}
