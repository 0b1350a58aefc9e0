namespace Verso.Traces.Importers;

/// <summary>What became of a text that was imported.</summary>
public sealed record ImportSummary
{
    /// <summary>The header given to the sink.</summary>
    public required TraceHeader Header { get; init; }

    /// <summary>Lines read.</summary>
    public long Lines { get; init; }

    /// <summary>Events written.</summary>
    public long Events { get; init; }

    /// <summary>Memory calls among them.</summary>
    public long Calls { get; init; }

    /// <summary>Calls that no trace event describes because they do not concern address spaces.</summary>
    public long OtherCalls { get; init; }

    /// <summary>Memory calls left out because the kernel never ran them: a fault injection of strace.</summary>
    public long Injected { get; init; }

    /// <summary>Memory calls left out because the text does not hold their result.</summary>
    public long WithoutResult { get; init; }

    /// <summary>Memory calls left out: the trace format has no event for them, or an argument is unknown.</summary>
    public long NotImported { get; init; }

    /// <summary>Lines that were not understood.</summary>
    public long UnknownLines { get; init; }

    /// <summary>Number of the first line that was not understood, from 1; 0 if all were.</summary>
    public long FirstUnknownLine { get; init; }

    /// <summary>Tasks seen.</summary>
    public long Tasks { get; init; }

    /// <summary>Tasks, but for the first, whose start is not in the text.</summary>
    public long TasksOfUnknownOrigin { get; init; }

    /// <summary>Of those, the ones whose process is not in the text either: what they were taken for.</summary>
    public UnknownTasks TakenFor { get; init; }

    /// <summary>Facts that had to be assumed, such as the size of a segment whose shmget is not in the text.</summary>
    public long Assumptions { get; init; }

    /// <summary>Events that the text itself declares lost.</summary>
    public long Lost { get; init; }
}

/// <summary>The counts of an import in progress.</summary>
internal sealed class ImportTally
{
    public long Line { get; set; }

    public long OtherCalls { get; set; }

    public long Injected { get; set; }

    public long WithoutResult { get; set; }

    public long NotImported { get; set; }

    public long Assumptions { get; set; }

    /// <summary>Lines that are the tool's, whatever they say.</summary>
    public long KnownLines { get; set; }

    public long UnknownLines { get; private set; }

    public long FirstUnknownLine { get; private set; }

    public void Unknown(long line)
    {
        UnknownLines++;
        FirstUnknownLine = FirstUnknownLine == 0 ? line : FirstUnknownLine;
    }
}
