using System.Collections.Immutable;
using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Traces;

namespace Verso.Lab.Callers;

/// <summary>
/// Follows a recording with stacks, and knows of each address space which calls its boundaries come from. Of one
/// without it keeps nothing.
/// </summary>
internal sealed class CallerHistory
{
    private readonly Dictionary<int, ImmutableDictionary<ulong, int>> _boundaries = [];
    private readonly Dictionary<int, int> _pending = [];

    /// <summary>The frames.</summary>
    public CallerTable Table { get; } = new();

    /// <summary>Of an address space as of now; null: the recording has no stacks so far.</summary>
    public BoundaryCallers? Of(int mm) => Table.IsEmpty ? null
        : new BoundaryCallers(Table, _boundaries.GetValueOrDefault(mm, ImmutableDictionary<ulong, int>.Empty));

    /// <summary>An event was taken.</summary>
    public void Observe(in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.CalledFrom:
                _pending[e.Task] = (int)e.Arg0;
                break;
            case TraceEventKind.Fork when _boundaries.TryGetValue(e.Mm, out ImmutableDictionary<ulong, int>? parents):
                _boundaries[(int)e.Arg0] = parents;
                break;
            case TraceEventKind.MmExit:
                _boundaries.Remove(e.Mm);
                break;
            default:
                Table.Add(e);
                if (e.IsCall && _pending.Remove(e.Task, out int frame) && !e.IsRefused
                    && CallTable.Find(e.Call) is CallRow call)
                {
                    Note(call, e, frame);
                }

                break;
        }
    }

    private void Note(CallRow call, in TraceEvent e, int frame)
    {
        ImmutableDictionary<ulong, int> boundaries =
            _boundaries.GetValueOrDefault(e.Mm, ImmutableDictionary<ulong, int>.Empty);
        if (call.Returns is CallValue.Address or CallValue.Break)
        {
            ulong length = call.LengthOfResult < 0 ? 0 : e.Argument(call.LengthOfResult);
            boundaries = Note(boundaries, (ulong)e.Result, length, frame);
        }

        if (call.Arguments is [ArgumentKind.Address, ArgumentKind.Length, ..])
        {
            boundaries = Note(boundaries, e.Arg0, e.Arg1, frame);
        }

        _boundaries[e.Mm] = boundaries;
    }

    private static ImmutableDictionary<ulong, int> Note(
        ImmutableDictionary<ulong, int> boundaries, ulong start, ulong length, int frame) =>
        boundaries.SetItem(start, frame).SetItem(Page.AlignUp(start + length), frame);
}
