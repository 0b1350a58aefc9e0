using Verso.Traces.Snapshots;

namespace Verso.Linux.Graph;

/// <summary>Readings of many processes, one after the other, brought to one moment.</summary>
/// <remarks>
/// <para>
/// A kernel pointer names an object while the object lives. One process may end, and its mm_struct and anon_vmas become
/// those of another that is read later in the same pass: equal pointers of two readings prove nothing. So a pass over
/// the tasks follows, which tells of each process whether it still has the same mm, with the same number of the lock's
/// last writer (<c>mm->mm_lock_seq</c>) and no exec since. What passes is <em>steady</em>: VMAs and chains have been as
/// they were read from the reading to the check.
/// </para>
/// <code>
///   steady A   read [-----------------------------------] check      all of these are so at T: pointers that are
///   steady B             read [-------------------------] check      equal there name one object
///   busy   C                         read --x    read ?     no       C' is after A and B: a pointer that A or B has
///   ended  D     read [--x                          no               too names the same object
///                                             T
/// </code>
/// <para>
/// Who is not steady is read again, and all are checked again, three times at most. Then: who ended is left out. Who
/// has the same mm and no exec since keeps its address space's identity, whatever its VMAs do; two processes have one
/// identity only if they share the mm at T. Of its anon_vmas those keep theirs that a steady process, read before,
/// names too; the rest become its own. So nobody is related who is not; two that are related, and both change without
/// rest, may look as if they were not. On kernels without mm_lock_seq (before 6.4) steady means the mm and no exec
/// only.
/// </para>
/// </remarks>
internal sealed class CommonMoment
{
    /// <summary>How often processes are read again that changed since they were read.</summary>
    private const int Attempts = 3;

    private readonly List<ProcessReading> _readings;
    private readonly List<int> _ended = [];
    private Dictionary<int, Holder> _holders;

    private CommonMoment(List<ProcessReading> readings, Dictionary<int, Holder> holders)
    {
        _readings = readings;
        _holders = holders;
    }

    /// <summary>The processes that live, in the order in which they were asked for.</summary>
    internal IReadOnlyList<ProcessReading> Readings => _readings;

    /// <summary>Those that were read and have ended, or have no address space any more; by ascending id.</summary>
    internal IReadOnlyList<int> Ended => _ended;

    /// <summary>Reads these processes; null: all.</summary>
    /// <exception cref="GraphUnavailableException">The kernel refuses.</exception>
    internal static CommonMoment Read(GraphReader reader, IReadOnlyList<int>? pids)
    {
        var readings = reader.ReadOnce(pids);
        CommonMoment moment = new(readings, reader.ReadHolders());
        for (var attempt = 1; attempt <= Attempts && moment.ReadAgain(reader, attempt); attempt++)
        {
            moment._holders = reader.ReadHolders();
        }

        moment.DropEnded();
        moment.Part();
        return moment;
    }

    private void Part()
    {
        List<ProcessReading> steady = [];
        List<ProcessReading> changed = [];
        foreach (var reading in _readings)
        {
            (reading.IsSteady(_holders) ? steady : changed).Add(reading);
        }

        if (changed.Count == 0)
        {
            return;
        }

        StablePointers pointers = new(steady, changed);
        for (var at = 0; at < _readings.Count; at++)
        {
            if (!_readings[at].IsSteady(_holders))
            {
                _readings[at] = pointers.Part(_readings[at], _readings[at].IsHeld(_holders));
            }
        }
    }

    // A large address space that is never at rest is given up at the first sign of a writer; at last it is read in
    // spite of them, since a late reading's pointers can be told from recycled ones.
    private bool ReadAgain(GraphReader reader, int attempt)
    {
        var any = false;
        for (var at = 0; at < _readings.Count; at++)
        {
            var reading = _readings[at];
            var pid = reading.Process.Pid;
            if (!reading.Lives(_holders) || reading.IsSteady(_holders) || IsReader(reading))
            {
                continue;
            }

            any = true;
            var again = attempt < Attempts ? reader.ReadWhole(pid) : reader.ReadOnce([pid]).FirstOrDefault();
            if (again?.Process.StartNanoseconds == reading.Process.StartNanoseconds
                && (again.Process.Reading == GraphReading.Whole || IsWorthLess(reading)))
            {
                _readings[at] = again;
            }
        }

        return any;
    }

    // This process changes as it reads; and it has exec'd and not forked since, so it has no relatives.
    private static bool IsReader(ProcessReading reading) =>
        reading.Process.Pid == Environment.ProcessId && reading.Process.Reading == GraphReading.Whole;

    // Than a reading that is of several moments, but late.
    private bool IsWorthLess(ProcessReading reading) =>
        reading.Process.Reading == GraphReading.Changed || !reading.IsHeld(_holders);

    private void DropEnded()
    {
        foreach (var reading in _readings)
        {
            if (!reading.Lives(_holders))
            {
                _ended.Add(reading.Process.Pid);
            }
        }

        _readings.RemoveAll(reading => !reading.Lives(_holders));
        _ended.Sort();
    }
}
