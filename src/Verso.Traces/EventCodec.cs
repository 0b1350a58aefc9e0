namespace Verso.Traces;

/// <summary>
/// One event as bytes: its kind, a mask of the fields that differ from the last event of that kind, and the
/// differences. State lives for one block, so each block can be read alone.
/// </summary>
internal sealed class EventCodec
{
    private const int FieldCount = 9;
    private const int PayloadBit = 1 << FieldCount;

    private readonly long[] _last = new long[256 * FieldCount];
    private ulong _time;

    /// <summary>Begins a block.</summary>
    public void Reset()
    {
        Array.Clear(_last);
        _time = 0;
    }

    public void Write(ByteEncoder to, in TraceEvent e)
    {
        Span<long> fields = stackalloc long[FieldCount];
        Gather(e, fields);
        Span<long> last = _last.AsSpan((int)e.Kind * FieldCount, FieldCount);
        int mask = e.Payload is null ? 0 : PayloadBit;
        for (int at = 0; at < FieldCount; at++)
        {
            mask |= fields[at] != last[at] ? 1 << at : 0;
        }

        to.Byte((byte)e.Kind);
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
            PayloadCodec.Write(to, e.Payload);
        }
    }

    public void Read(ByteDecoder from, out TraceEvent e)
    {
        e = new TraceEvent { Kind = (TraceEventKind)from.Byte() };
        int mask = (int)from.Number();
        _time = unchecked(_time + (ulong)from.Signed());
        Span<long> last = _last.AsSpan((int)e.Kind * FieldCount, FieldCount);
        for (int at = 0; at < FieldCount; at++)
        {
            if ((mask & (1 << at)) != 0)
            {
                last[at] = unchecked(last[at] + from.Signed());
            }
        }

        e.Time = _time;
        e.Task = (int)last[0];
        e.Mm = (int)last[1];
        e.Result = last[2];
        e.Arg0 = (ulong)last[3];
        e.Arg1 = (ulong)last[4];
        e.Arg2 = (ulong)last[5];
        e.Arg3 = (ulong)last[6];
        e.Arg4 = (ulong)last[7];
        e.Arg5 = (ulong)last[8];
        if ((mask & PayloadBit) != 0)
        {
            PayloadKind kind = PayloadCodec.KindOf(e.Kind);
            e.Payload = kind == PayloadKind.None ? throw from.Short() : PayloadCodec.Read(from, kind);
        }
    }

    private static void Gather(in TraceEvent e, Span<long> fields)
    {
        fields[0] = e.Task;
        fields[1] = e.Mm;
        fields[2] = e.Result;
        fields[3] = (long)e.Arg0;
        fields[4] = (long)e.Arg1;
        fields[5] = (long)e.Arg2;
        fields[6] = (long)e.Arg3;
        fields[7] = (long)e.Arg4;
        fields[8] = (long)e.Arg5;
    }
}
