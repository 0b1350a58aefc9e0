using System.Diagnostics;
using Verso.Lab.Explain;
using Verso.Lab.Families;
using Verso.Linux.Counting;
using Verso.Linux.Graph;
using Verso.Linux.Proc;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>Where verso top has its views from: the kernel's graph, or without root what /proc shows.</summary>
internal sealed class TopSource : IDisposable
{
    private readonly GraphReader? _reader;
    private readonly ProcVmaCounter _proc = new();
    private readonly Dictionary<(int, ulong), ControlGroup> _groups = [];
    private readonly TopOrder _order;
    private ProcessSelection _selection;
    private TopView? _before;
    private long _at;

    private TopSource(GraphReader? reader, ProcessSelection selection, TopOrder order) =>
        (_reader, _selection, _order) = (reader, selection, order);

    /// <summary>Whether processes may come that it is of.</summary>
    internal bool MayGrow => _selection.MayGrow;

    internal string Selection => _selection.Text;

    internal static TopSource Open(Surroundings surroundings, ProcessSelection selection, TopOrder order)
    {
        try
        {
            return new TopSource(GraphReader.Open(), selection, order);
        }
        catch (GraphUnavailableException reason)
        {
            RequireOne(selection);
            surroundings.Say(
                "verso top: VMAs only, of processes that this user may read, from /proc: "
                + $"{Printable.Of(reason.Message)}\n");
            return new TopSource(null, selection, order);
        }
    }

    /// <summary>The processes now, beside the view before.</summary>
    internal TopView Look()
    {
        if (_before is not null)
        {
            _selection = _selection.Again();
        }

        long now = Stopwatch.GetTimestamp();
        TimeSpan since = _before is null ? default : Stopwatch.GetElapsedTime(_at, now);
        TopView view = _reader is not null
            ? TopView.Of(SnapshotTaker.Take(_reader, _selection, SnapshotDetail.Graph), _order, _before, since)
            : OfProc(since);
        (_before, _at) = (view with { Rows = [.. view.Rows.Select(WithGroup)] }, now);
        return _before;
    }

    /// <summary>Why a process has so many VMAs.</summary>
    internal SpaceExplanation Explain(int pid) => _reader is not null
        ? ExplainCommand.Explain(
            SnapshotTaker.Take(_reader, ProcessSelection.OfPids([pid]), SnapshotDetail.Graph), pid)
        : ExplainCommand.Explain(ProcSpaceReader.Read(pid));

    public void Dispose() => _reader?.Dispose();

    // Of those that were named, if nobody can be read, why.
    private static void RequireOne(ProcessSelection selection)
    {
        if (selection.IsOfNamed && new ProcVmaCounter().Read(1, selection.Pids).Count == 0)
        {
            _ = ProcSpaceReader.Read(selection.Pids![0]);
        }
    }

    private TopView OfProc(TimeSpan since)
    {
        long begin = Stopwatch.GetTimestamp();
        IReadOnlyList<VmaCount> counts = [.. _proc.Read(0, _selection.Pids).Where(count => count.Vmas > 0)];
        return TopView.Of(
            SnapshotTaker.Describe(_selection, DateTimeOffset.UtcNow, Stopwatch.GetElapsedTime(begin)),
            counts,
            _order,
            _before,
            since) with
        {
            Refused = _proc.Refused,
        };
    }

    private TopRow WithGroup(TopRow row)
    {
        (int, ulong) key = (row.Pid, row.StartNanoseconds);
        if (!_groups.TryGetValue(key, out ControlGroup group))
        {
            _groups[key] = group = ControlGroup.Of(row.Pid);
        }

        return row with { Group = group };
    }
}
