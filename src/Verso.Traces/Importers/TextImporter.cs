namespace Verso.Traces.Importers;

/// <summary>Imports text of other tools, and tells from its beginning which tool wrote it.</summary>
public static class TextImporter
{
    private const int HeadLength = 1 << 16;

    private static readonly string[] _signsOfPerf =
    [
        ": syscalls:sys_", " syscalls:sys_", " task:task_newtask", " sched:sched_process_", " exceptions:page_fault_",
        "PERF_RECORD_", "# perf version",
    ];

    /// <summary>Imports a text. <paramref name="begin"/> is called once, before the first event.</summary>
    /// <exception cref="ImportException">There is nothing in it to import.</exception>
    public static ImportSummary Import(
        TextReader text,
        TextFormat format,
        Func<TraceHeader, ITraceSink> begin,
        UnknownTasks unknown = UnknownTasks.Detect)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (format == TextFormat.Detect)
        {
            char[] head = new char[HeadLength];
            int length = text.ReadBlock(head, 0, HeadLength);
            format = Detect(head.AsSpan(0, length));
            text = new ResumedReader(head.AsMemory(0, length), text);
        }

        return format == TextFormat.Perf
            ? PerfScriptImporter.Import(text, begin, unknown)
            : StraceImporter.Import(text, begin, unknown);
    }

    private static TextFormat Detect(ReadOnlySpan<char> head)
    {
        foreach (string sign in _signsOfPerf)
        {
            if (head.Contains(sign, StringComparison.Ordinal))
            {
                return TextFormat.Perf;
            }
        }

        return TextFormat.Strace;
    }

    /// <summary>What has been read already, then the rest.</summary>
    private sealed class ResumedReader(ReadOnlyMemory<char> head, TextReader rest) : TextReader
    {
        private ReadOnlyMemory<char> _head = head;

        public override int Read(char[] buffer, int index, int count)
        {
            if (_head.IsEmpty)
            {
                return rest.Read(buffer, index, count);
            }

            int length = Math.Min(count, _head.Length);
            _head.Span[..length].CopyTo(buffer.AsSpan(index));
            _head = _head[length..];
            return length;
        }
    }
}

/// <summary>Which tool wrote a text.</summary>
public enum TextFormat
{
    /// <summary>Look at its beginning.</summary>
    Detect = 0,

    /// <summary>strace -f -o FILE -ttt -T -y.</summary>
    Strace = 1,

    /// <summary>perf script.</summary>
    Perf = 2,
}
