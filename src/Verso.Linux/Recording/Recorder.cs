using System.Diagnostics;
using System.Globalization;
using Verso.Linux.Interop;
using Verso.Linux.Proc;
using Verso.Traces;

namespace Verso.Linux.Recording;

/// <summary>
/// Records what the process tree of one command does to its memory, with BPF programs on tracepoints. Everything that
/// can fail fails in <see cref="Prepare"/>, before the command runs.
/// </summary>
public sealed class Recorder : IDisposable
{
    /// <summary>
    /// The reader's sleep between looks at the ring; milliseconds. Grows while nothing comes. Two processors that do
    /// nothing but fault fill some 3 MB in the shortest, and each look takes a processor from the command.
    /// </summary>
    private const int ShortestNap = 16;
    private const int LongestNap = 32;

    /// <summary>How long the teardown of an exited process's address space may take; milliseconds.</summary>
    private const int TeardownPatience = 500;

    /// <summary>What was recorded lies in the sink no longer than this; milliseconds.</summary>
    private const int FlushInterval = 1000;

    private readonly RecorderOptions _options;
    private readonly string _path;
    private readonly BpfProgram _program;
    private readonly RingReader _ring;
    private readonly RingReader? _stackRing;
    private readonly ulong[] _lostBefore = new ulong[Enum.GetValues<LostReason>().Length];
    private Thread? _detaching;
    private long? _flushed;

    private Recorder(
        RecorderOptions options, string path, BpfProgram program, RingReader ring, RingReader? stackRing)
    {
        _stackRing = stackRing;
        _options = options;
        _path = path;
        _program = program;
        _ring = ring;
        Header = DescribeMachine(options);
    }

    /// <summary>What the trace should say of itself.</summary>
    public TraceHeader Header { get; }

    /// <summary>
    /// Finds the command and puts the BPF programs into the kernel.
    /// </summary>
    /// <exception cref="CommandNotStartedException">There is no such command.</exception>
    /// <exception cref="RecorderUnavailableException">This machine, user or build cannot record.</exception>
    public static Recorder Prepare(RecorderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var path = CommandProcess.Resolve(options.Command.Count > 0 ? options.Command[0] : "");
        var program = RecorderProgram.Load(options);
        try
        {
            var ring = new RingReader(LibBpf.MapDescriptor(program.Map("ring")), options.RingBytes);
            var stackRing = options.Stacks == StackRecording.Off ? null
                : new RingReader(LibBpf.MapDescriptor(program.Map("stacks")), options.StackRingBytes);
            return new Recorder(options, path, program, ring, stackRing);
        }
        catch (BpfUnavailableException reason)
        {
            program.Dispose();
            throw new RecorderUnavailableException(reason.Message, reason);
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Runs the command and records until its tree has ended. SIGINT, SIGTERM and SIGHUP end it early: the first one is
    /// the command's to act on (SIGTERM and SIGHUP are passed on), the second ends the recording and leaves the command
    /// running; the status is then 128 + that signal. If the sink fails the recording ends, the command goes on to its
    /// own end, and the outcome holds the problem.
    /// </summary>
    /// <exception cref="CommandNotStartedException">The kernel cannot execute the command.</exception>
    public RecordingOutcome Run(ITraceSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        using CommandSignals signals = new();
        var sequencer = new Sequencer(sink);
        using var stacks = _stackRing is null ? null : new CallStacks(sequencer, _stackRing);
        var decoder = new EventDecoder(sequencer, new FileCatalogue(), stacks);
        var process = CommandProcess.Start(
            _path,
            _options.Command,
            _options.Output,
            () => _program.Variable<uint>("launcher") = (uint)Libc.GetTid());
        signals.PassOnEarlier(process);
        IOException? problem = null;
        var ending = RecordingEnding.Failed;
        var running = 0L;
        try
        {
            ending = ReadUntilEnd(process, signals, decoder, sequencer, stacks, sink);
            running = (long)Volatile.Read(ref _program.Variable<ulong>("tracked_tasks"));
            StopPrograms();
            Pump(decoder, sequencer);
            decoder.Finish();
            sequencer.Drain();
        }
        catch (IOException failure)
        {
            problem = failure;
            StopPrograms();
            AwaitCommand(process);
        }

        decoder.Counts.Events = sequencer.Written;
        var status = ending == RecordingEnding.Interrupted ? 128 + signals.Last : process.ExitStatus;
        return new RecordingOutcome(status, ending, decoder.Counts, problem)
        {
            Running = running,
            StacksUnknown = stacks?.Unknown ?? 0,
        };
    }

    public void Dispose()
    {
        _detaching?.Join();
        _ring.Dispose();
        _stackRing?.Dispose();
        _program.Dispose();
    }

    private RecordingEnding ReadUntilEnd(
        CommandProcess process,
        CommandSignals signals,
        EventDecoder decoder,
        Sequencer sequencer,
        CallStacks? stacks,
        ITraceSink sink)
    {
        var nap = ShortestNap;
        while (true)
        {
            var ended = HasEnded(process);
            var handled = Pump(decoder, sequencer);
            FlushInTime(sink);
            if (ended && handled == 0)
            {
                AwaitTeardown(decoder, sequencer);
                return RecordingEnding.Finished;
            }

            if (signals.Count > 1)
            {
                return RecordingEnding.Interrupted;
            }

            signals.PassOn(process);

            while (_ring.PendingBytes == 0 && stacks?.NameOne() == true)
            {
            }

            nap = handled > 0 ? ShortestNap : Math.Min(nap * 2, LongestNap);
            if (!ended)
            {
                process.AwaitEnd(nap);
            }
        }
    }

    // Taking the programs off waits for every processor several times; the rest of the trace is written meanwhile.
    private void StopPrograms()
    {
        _program.Variable<uint>("stop") = 1;
        _detaching = new Thread(_program.Detach);
        _detaching.Start();
    }

    private static void AwaitCommand(CommandProcess process)
    {
        while (!process.HasEnded())
        {
            Thread.Sleep(LongestNap);
        }
    }

    private bool HasEnded(CommandProcess process) =>
        process.HasEnded()
        && (_options.End == RecordingEnd.Command || Volatile.Read(ref _program.Variable<ulong>("tracked_tasks")) == 0);

    // A process counts as ended before its address space is torn down.
    private void AwaitTeardown(EventDecoder decoder, Sequencer sequencer)
    {
        if (_options.End == RecordingEnd.Command)
        {
            return;
        }

        var watch = Stopwatch.StartNew();
        while (decoder.LiveMms > 0 && watch.ElapsedMilliseconds < TeardownPatience)
        {
            Thread.Sleep(1);
            Pump(decoder, sequencer);
        }
    }

    private int Pump(EventDecoder decoder, Sequencer sequencer)
    {
        var handled = _ring.Read(decoder);
        NoticeLosses(decoder);

        // The kernel's clock is CLOCK_MONOTONIC, and so is this one; while records come theirs will do.
        var now = handled > 0 ? decoder.Now : (ulong)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
        decoder.ReleaseFaults(now);
        sequencer.Drain();
        return handled;
    }

    // The header at once, then what came since: who kills this process loses at most the last interval.
    private void FlushInTime(ITraceSink sink)
    {
        var now = Environment.TickCount64;
        if (_flushed is null || now - _flushed >= FlushInterval)
        {
            sink.Flush();
            _flushed = now;
        }
    }

    private unsafe void NoticeLosses(EventDecoder decoder)
    {
        var counters = _program.Array<ulong>("lost");
        for (var reason = 0; reason < _lostBefore.Length; reason++)
        {
            var lost = Volatile.Read(ref counters[reason]);
            if (lost != _lostBefore[reason])
            {
                decoder.DeclareLost(lost - _lostBefore[reason]);
                _lostBefore[reason] = lost;
            }
        }
    }

    private static TraceHeader DescribeMachine(RecorderOptions options) => new()
    {
        Source = "record",
        Command = string.Join(' ', options.Command),
        Kernel = ReadSetting("/proc/sys/kernel/osrelease"),
        PageSizeBytes = Environment.SystemPageSize,
        OvercommitMode = int.Parse(
            ReadSetting("/proc/sys/vm/overcommit_memory"), CultureInfo.InvariantCulture),
        MaxMapCount = int.Parse(ReadSetting("/proc/sys/vm/max_map_count"), CultureInfo.InvariantCulture),
        ProtectionKeys = ProcessorFlags.ProtectionKeys() == Engine.ProtectionKeys.Present,
        NoZeroPage = ZeroPageProbe.Ask() == Engine.ZeroPages.None,
        StartUnixSeconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        Grade = options.Faults == FaultRecording.On ? TraceGrade.Complete : TraceGrade.NoFaults,
    };

    private static string ReadSetting(string path) => File.ReadAllText(path).Trim();
}
