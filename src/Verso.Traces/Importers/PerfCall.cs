namespace Verso.Traces.Importers;

/// <summary>A call that perf saw entered.</summary>
/// <param name="name">Its name.</param>
/// <param name="argumentCount">As <see cref="MemoryCalls.ArgumentsOf"/> says.</param>
internal sealed class PerfCall(string name, int argumentCount)
{
    private const int MaxArguments = 6;

    private readonly List<ulong> _arguments = [];

    public string Name { get; } = name;

    public int ArgumentCount { get; } = argumentCount;

    public IReadOnlyList<ulong> Arguments => _arguments;

    /// <summary>The file that a PERF_RECORD_MMAP2 during the call names.</summary>
    public ImportedFile? File { get; set; }

    /// <summary>Of a clone: its child has been met.</summary>
    public bool HasChild { get; set; }

    /// <summary>Reads <c>addr: 0x00000000, len: 0x00002000</c>, in the order of the call's own arguments.</summary>
    public bool TryReadArguments(string text)
    {
        foreach (Range range in text.AsSpan().Split(", "))
        {
            ReadOnlySpan<char> field = text.AsSpan()[range].Trim();
            int colon = field.IndexOf(": ");
            if (field.IsEmpty || field.StartsWith("__syscall_nr") || field.StartsWith("nr:"))
            {
                continue;
            }

            ReadOnlySpan<char> value = colon < 0 ? default : field[(colon + 2)..].Trim();
            int end = value.IndexOf(' ');
            bool isNumber = StraceValue.TryParseNumber(end < 0 ? value : value[..end], out ulong number);
            if (!isNumber && ArgumentCount >= 0)
            {
                return false;
            }

            if (_arguments.Count < MaxArguments)
            {
                _arguments.Add(number);
            }
        }

        return true;
    }

    public void CopyTo(Span<ulong> target)
    {
        for (int at = 0; at < _arguments.Count; at++)
        {
            target[at] = _arguments[at];
        }
    }
}
