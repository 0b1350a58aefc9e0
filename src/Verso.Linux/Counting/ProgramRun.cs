using System.Diagnostics;
using Verso.Linux.Graph;
using Verso.Linux.Recording;

namespace Verso.Linux.Counting;

/// <summary>
/// Runs a command and reads the process of its tree that has the most VMAs, at its fullest and near its end. Nobody is
/// stopped; what no look fell upon is not seen.
/// </summary>
/// <typeparam name="T">A reading.</typeparam>
public sealed class ProgramRun<T>
    where T : class
{
    private const double ShortestNap = 4;
    private const double LongestNap = 50;

    /// <summary>By how much more VMAs a process is read again, whatever that costs.</summary>
    private const double Growth = 1.1;

    /// <summary>Of the time that has passed, what smaller changes may take to be read.</summary>
    private const double ShareOfTime = 0.05;

    private readonly IVmaCounter _counter;
    private readonly Func<int, T?> _read;
    private readonly Stopwatch _clock = new();
    private TimeSpan _spent;

    /// <param name="counter">Counts VMAs.</param>
    /// <param name="read">Reads a process; null if it has ended.</param>
    public ProgramRun(IVmaCounter counter, Func<int, T?> read) => (_counter, _read) = (counter, read);

    /// <summary>The reading with the most VMAs; null if none was made.</summary>
    public ProgramReading<T>? Fullest { get; private set; }

    /// <summary>The last reading of the same process; it may be the same one.</summary>
    public ProgramReading<T>? Last { get; private set; }

    /// <summary>The most VMAs that were counted.</summary>
    public int MostCounted { get; private set; }

    /// <summary>When the process of <see cref="Last"/> was seen last.</summary>
    public TimeSpan Seen { get; private set; }

    /// <summary>
    /// Runs the command until its tree has ended, and returns its exit status, or 128 + the signal that killed it.
    /// SIGTERM and SIGHUP are passed on; a second signal, or one after the command has ended, ends only the looking.
    /// </summary>
    /// <param name="command">The words; its standard output goes to standard error.</param>
    /// <exception cref="CommandNotStartedException">There is no such command.</exception>
    public int Run(IReadOnlyList<string> command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var path = CommandProcess.Resolve(command.Count > 0 ? command[0] : "");
        using CommandSignals signals = new();
        _clock.Start();
        var process = CommandProcess.Start(path, command, CommandOutput.StandardError, () => { });
        signals.PassOnEarlier(process);
        ProcessTree tree = new(process.Pid);
        var nap = ShortestNap;
        while (true)
        {
            var hasEnded = process.HasEnded();
            tree.Update();
            if (hasEnded && (tree.Members.Count == 0 || signals.Count > 0))
            {
                return process.ExitStatus;
            }

            if (signals.Count > 1)
            {
                return 128 + signals.Last;
            }

            signals.PassOn(process);

            Look(tree.Members);
            process.AwaitEnd((int)nap);
            nap = Math.Min(nap * Growth, LongestNap);
        }
    }

    private void Look(IReadOnlyCollection<int> members)
    {
        var counts = _counter.Read(1, members);
        if (counts.Count == 0)
        {
            return;
        }

        var largest = counts.MaxBy(count => count.Vmas);
        MostCounted = Math.Max(MostCounted, largest.Vmas);
        var read = Fullest?.Count.Vmas ?? 0;
        if (largest.Vmas > read && (largest.Vmas >= Growth * read || MayRead()))
        {
            if (Read(largest) is { } fuller)
            {
                (Fullest, Last, Seen) = (fuller, fuller, fuller.At);
            }

            return;
        }

        foreach (var count in counts.Where(count => IsSame(count, Last?.Count)))
        {
            Seen = _clock.Elapsed;
            if (count.Vmas != Last!.Count.Vmas && MayRead())
            {
                Last = Read(count) ?? Last;
            }
        }
    }

    private static bool IsSame(VmaCount one, VmaCount? other) =>
        other is { } known && known.Pid == one.Pid && known.StartNanoseconds == one.StartNanoseconds;

    private bool MayRead() => _spent <= ShareOfTime * _clock.Elapsed;

    private ProgramReading<T>? Read(VmaCount count)
    {
        var begin = _clock.Elapsed;
        var reading = _read(count.Pid);
        _spent += _clock.Elapsed - begin;
        return reading is null ? null : new ProgramReading<T>(count, reading, begin);
    }
}

/// <summary>A process of the tree as it was read.</summary>
/// <typeparam name="T">A reading.</typeparam>
/// <param name="Count">As it was counted before.</param>
/// <param name="Reading">The reading.</param>
/// <param name="At">When, after the command began.</param>
public sealed record ProgramReading<T>(VmaCount Count, T Reading, TimeSpan At);
