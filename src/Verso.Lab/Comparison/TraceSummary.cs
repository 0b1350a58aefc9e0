using Verso.Lab.Playing;
using Verso.Traces;

namespace Verso.Lab.Comparison;

/// <summary>What is in a trace, without replaying it.</summary>
public sealed record TraceSummary
{
    public required TraceHeader Header { get; init; }

    public required TraceGrade Grade { get; init; }

    public required string Sha256 { get; init; }

    public required long FileBytes { get; init; }

    public required long Events { get; init; }

    /// <summary>Events declared lost.</summary>
    public required long Lost { get; init; }

    /// <summary>Changes of VMAs that are not followed, by what they were.</summary>
    public required NotFollowedTally NotFollowed { get; init; }

    /// <summary>Nanoseconds from the beginning to the last event.</summary>
    public required ulong LastTime { get; init; }

    /// <summary>Address spaces that some event names.</summary>
    public required long AddressSpaces { get; init; }

    public required IReadOnlyDictionary<TraceEventKind, long> EventsByKind { get; init; }

    /// <summary>Reads a trace to its end.</summary>
    /// <exception cref="InputException">It is damaged.</exception>
    public static TraceSummary Of(TraceInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return input.Read((reader, _) => Of(input, reader));
    }

    private static TraceSummary Of(TraceInput input, TraceReader reader)
    {
        SortedDictionary<TraceEventKind, long> kinds = [];
        long[] counts = new long[256];
        HashSet<int> spaces = [];
        long events = 0;
        long lost = 0;
        NotFollowedTally notFollowed = new();
        ulong time = 0;
        while (reader.TryRead(out TraceEvent e))
        {
            events++;
            counts[(byte)e.Kind]++;
            lost += e.Kind == TraceEventKind.Lost ? (long)e.Arg0 : 0;
            notFollowed.Add(e);
            time = e.Time;
            if (e.Mm != 0)
            {
                spaces.Add(e.Mm);
            }
        }

        for (int kind = 0; kind < counts.Length; kind++)
        {
            if (counts[kind] > 0)
            {
                kinds[(TraceEventKind)kind] = counts[kind];
            }
        }

        return new TraceSummary
        {
            Header = reader.Header,
            Grade = reader.Grade,
            Sha256 = input.Hash(),
            FileBytes = input.LengthBytes,
            Events = events,
            Lost = lost,
            NotFollowed = notFollowed,
            LastTime = time,
            AddressSpaces = spaces.Count,
            EventsByKind = kinds,
        };
    }
}
