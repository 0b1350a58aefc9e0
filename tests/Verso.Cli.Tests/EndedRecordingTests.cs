using System.Diagnostics;
using System.Globalization;
using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Cli.Tests;

/// <summary>Recordings that end before their programs do, by the user's wish or against it.</summary>
public sealed class EndedRecordingTests : IDisposable
{
    private const int Kill = 9;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("verso-ended-");
    private Process? _recorder;
    private int _program;

    /// <summary>
    /// The file of a quiet program reads up to the last second when its recorder is killed, and the program lives on.
    /// </summary>
    [Fact]
    public void AKilledRecorderLeavesWhatItHad()
    {
        Start("");
        Await(() => Events() > 0);
        Send(_recorder!.Id, Kill);
        _recorder.WaitForExit();
        using TraceReader reader = TraceReader.Open(Files().Single());
        long events = 0;
        while (reader.TryRead(out _))
        {
            events++;
        }

        Assert.True(events > 100, $"{events} events");
        Assert.Equal(TraceGrade.Truncated, reader.Grade & TraceGrade.Truncated);
        Assert.Equal(0, Send(_program, 0));
    }

    /// <summary>The second signal ends the recording. The program, which heeds none of them, lives on.</summary>
    [Theory]
    [InlineData(1, 129)]
    [InlineData(2, 130)]
    [InlineData(15, 143)]
    public void AnInterruptedRecordingSaysSo(int signal, int status)
    {
        Start("trap '' HUP INT TERM; ");
        Await(() => Events() > 0);
        Send(_recorder!.Id, signal);
        Thread.Sleep(200);
        Assert.False(_recorder.HasExited);
        Send(_recorder.Id, signal);
        Assert.True(_recorder.WaitForExit(s_longest));
        Assert.Equal(status, _recorder.ExitCode);
        Assert.Equal(0, Send(_program, 0));
        Outcome info = CommandLine.Run("info", Path.Combine(_folder.FullName, "trace.verso"));
        Assert.Contains("unfinished", info.Output);
        Assert.Contains("the recording ended before its programs", info.Output);
        using TraceReader reader = TraceReader.Open(Files().Single());
        while (reader.TryRead(out _))
        {
        }

        Assert.True(reader.Trailer!.Running > 0);
    }

    public void Dispose()
    {
        if (_program > 0)
        {
            Send(_program, Kill);
        }

        if (_recorder is { HasExited: false })
        {
            _recorder.Kill();
        }

        _recorder?.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Starts a recorder of a program that does a little and then nothing any more.</summary>
    private void Start(string before)
    {
        RequireRecorder();
        _recorder = Process.Start(new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "verso"),
            ["record", "-q", "-o", Path.Combine(_folder.FullName, "trace.verso"), "--", "sh", "-c", before + "echo $$; exec sleep 60"])
        {
            RedirectStandardOutput = true,
        })!;
        _program = int.Parse(_recorder.StandardOutput.ReadLine() ?? "", CultureInfo.InvariantCulture);
    }

    // Of a recording that is not over, whatever name it has until then.
    private string[] Files() => Directory.GetFiles(_folder.FullName);

    private long Events()
    {
        string[] files = Files();
        try
        {
            using TraceReader reader = TraceReader.Open(files.Single());
            long events = 0;
            while (reader.TryRead(out _))
            {
                events++;
            }

            return events;
        }
        catch (Exception early) when (early is TraceFormatException or InvalidOperationException)
        {
            return 0;
        }
    }

    private static void Await(Func<bool> condition)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < s_longest, "nothing of a quiet program is in the file");
            Thread.Sleep(50);
        }
    }

    private static void RequireRecorder()
    {
        try
        {
            using Recorder recorder = Recorder.Prepare(new RecorderOptions { Command = ["/bin/true"] });
        }
        catch (RecorderUnavailableException reason)
        {
            Assert.Skip(reason.Message);
        }
    }

    // 0: it is there, and was sent the signal.
    private static int Send(int id, int signal)
    {
        using Process kill = Process.Start("sh", ["-c", $"kill -{signal} {id}"]);
        kill.WaitForExit();
        return kill.ExitCode;
    }
}
