using System.Numerics;
using Verso.Engine;
using Verso.Engine.Images;

namespace Verso.Traces;

/// <summary>
/// One event as bytes: its kind, a mask of the fields that differ from the last event of that kind, and the
/// differences. This state lives for one block; what is known of address spaces for the whole trace.
/// </summary>
internal sealed class EventCodec
{
    private const int FieldCount = 9;
    private const int FieldBits = (1 << FieldCount) - 1;
    private const int PayloadBit = 1 << FieldCount;
    private const int KnownBits = FieldBits | PayloadBit;
    private const int TaskField = 0;
    private const int MmField = 1;
    private const int PayloadCapacity = 1 << 12;

    private readonly long[] _last = new long[256 * FieldCount];
    private readonly ByteEncoder _payload = new(PayloadCapacity);
    private readonly ImageHistory _history = new();
    private readonly ImageChange _change;
    private TraceEventKind _filed;
    private ulong _time;

    public EventCodec() => _change = new ImageChange(_history);

    /// <summary>Begins a block.</summary>
    public void Reset()
    {
        Array.Clear(_last);
        _time = 0;
    }

    /// <summary>
    /// Encodes the payload of the next event, so that its size is known before a place is chosen for it.
    /// </summary>
    /// <returns>Its size in bytes; 0 for none.</returns>
    public int Prepare(in TraceEvent e)
    {
        _payload.Clear();
        _filed = e.Kind;
        if (e is { Kind: TraceEventKind.Checkpoint, Payload: MmImage image })
        {
            PayloadCodec.Require(e.Kind, image);
            if (_change.CanTell(e.Mm, image))
            {
                _filed = TraceEventKind.CheckpointChange;
                _change.Write(_payload, e.Mm, image);
                return _payload.Length;
            }
        }

        if (e.Payload is not null)
        {
            PayloadCodec.Write(_payload, e.Kind, e.Payload);
        }

        return _payload.Length;
    }

    /// <summary>Requires: tasks and address spaces are not negative; the payload is prepared.</summary>
    public void Write(ByteEncoder to, in TraceEvent e)
    {
        Invariant.Require((e.Task | e.Mm) >= 0);
        Invariant.Require((e.Payload is null) == (_payload.Length == 0));
        Span<long> fields = stackalloc long[FieldCount];
        Gather(e, fields);
        Span<long> last = _last.AsSpan((int)_filed * FieldCount, FieldCount);
        int mask = e.Payload is null ? 0 : PayloadBit;
        for (int at = 0; at < FieldCount; at++)
        {
            mask |= fields[at] != last[at] ? 1 << at : 0;
        }

        to.Byte((byte)_filed);
        to.Number((ulong)mask);
        to.Signed(unchecked((long)(e.Time - _time)));
        _time = e.Time;
        for (int at = 0; at < FieldCount; at++)
        {
            if ((mask & (1 << at)) != 0)
            {
                to.Signed(unchecked(fields[at] - last[at]));
                last[at] = fields[at];
            }
        }

        if (e.Payload is not null)
        {
            to.Number((ulong)_payload.Length);
            to.Bytes(_payload.Written);
        }

        if (_filed == e.Kind)
        {
            _history.Note(e);
        }
    }

    public void Read(ByteDecoder from, out TraceEvent e)
    {
        e = new TraceEvent { Kind = (TraceEventKind)from.Byte() };
        ulong mask = from.Number();
        if ((mask & ~(ulong)KnownBits) != 0)
        {
            throw from.Malformed("event masks of this version in this block");
        }

        _time = unchecked(_time + (ulong)from.Signed());
        Span<long> last = _last.AsSpan((int)e.Kind * FieldCount, FieldCount);
        for (uint rest = (uint)mask & FieldBits; rest != 0; rest &= rest - 1)
        {
            int at = BitOperations.TrailingZeroCount(rest);
            last[at] = unchecked(last[at] + from.Signed());
        }

        if ((ulong)(last[TaskField] | last[MmField]) > int.MaxValue)
        {
            throw from.Malformed("ids below 2^31 in this block");
        }

        e.Time = _time;
        e.Task = (int)last[TaskField];
        e.Mm = (int)last[MmField];
        e.Result = last[2];
        e.Arg0 = (ulong)last[3];
        e.Arg1 = (ulong)last[4];
        e.Arg2 = (ulong)last[5];
        e.Arg3 = (ulong)last[6];
        e.Arg4 = (ulong)last[7];
        e.Arg5 = (ulong)last[8];
        if ((mask & PayloadBit) != 0)
        {
            int outer = from.Enter();
            if (e.Kind == TraceEventKind.CheckpointChange)
            {
                e.Payload = _change.Read(from, e.Mm);
                e.Kind = TraceEventKind.Checkpoint;
                from.Leave(outer);
                return;
            }

            e.Payload = PayloadCodec.Read(from, e.Kind);
            from.Leave(outer);
        }

        _history.Note(e);
    }

    private static void Gather(in TraceEvent e, Span<long> fields)
    {
        fields[TaskField] = e.Task;
        fields[MmField] = e.Mm;
        fields[2] = e.Result;
        fields[3] = (long)e.Arg0;
        fields[4] = (long)e.Arg1;
        fields[5] = (long)e.Arg2;
        fields[6] = (long)e.Arg3;
        fields[7] = (long)e.Arg4;
        fields[8] = (long)e.Arg5;
    }
}
