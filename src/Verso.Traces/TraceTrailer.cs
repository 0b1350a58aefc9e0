using System.Text.Json.Serialization;

namespace Verso.Traces;

/// <summary>What a trace says of itself at its end.</summary>
public sealed record TraceTrailer
{
    /// <summary>Events written.</summary>
    [JsonRequired]
    public long Events { get; init; }

    /// <summary>Events that were lost while recording.</summary>
    [JsonRequired]
    public long Lost { get; init; }

    /// <summary>Checkpoints among the events.</summary>
    [JsonRequired]
    public long Checkpoints { get; init; }

    /// <summary>Changes of VMAs that are not followed.</summary>
    public long NotFollowed { get; init; }

    /// <summary>Tasks that were still running when the recording ended.</summary>
    public long Running { get; init; }
}
