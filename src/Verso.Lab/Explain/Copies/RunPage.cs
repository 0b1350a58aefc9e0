using Verso.Engine.Vmas;

namespace Verso.Lab.Explain.Copies;

/// <summary>One page of a run of VMAs, each of one page.</summary>
/// <param name="History">When it was written.</param>
public readonly record struct RunPage(PageHistory History)
{
    /// <summary>The flags that a call gives to pages of a run; all others are the same for all.</summary>
    public const VmaFlags Given = VmaFlags.Read | VmaFlags.Write | VmaFlags.DontDump;

    /// <summary>Those it has.</summary>
    public VmaFlags Flags { get; init; } = VmaFlags.Read | VmaFlags.Write;

    /// <summary>Its memory policy: 0 for none, up to 3.</summary>
    public int Policy { get; init; }

    /// <summary>As <c>-</c>, <c>f</c> or <c>w</c>, followed by what it has of its own.</summary>
    public override string ToString() =>
        (History switch { PageHistory.NeverWritten => "-", PageHistory.Forked => "f", _ => "w" })
        + (Flags != (VmaFlags.Read | VmaFlags.Write) ? $"({Flags})" : "") + (Policy != 0 ? $"policy {Policy}" : "");
}

/// <summary>When a page was written.</summary>
public enum PageHistory
{
    /// <summary>Never: it has no anon_vma.</summary>
    NeverWritten = 0,

    /// <summary>Before the fork: its anon_vma is its own, and its chain has several entries.</summary>
    Forked = 1,

    /// <summary>After the fork: its chain has one entry.</summary>
    Written = 2,
}

/// <summary>Whether a run goes through the fork that some of its pages have been written before.</summary>
public enum RunAncestry
{
    /// <summary>It does: it is the child's.</summary>
    Forked = 0,

    /// <summary>It does not: of no page the chain is longer than one.</summary>
    NeverForked = 1,
}
