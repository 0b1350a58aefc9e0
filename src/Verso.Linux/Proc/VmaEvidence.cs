namespace Verso.Linux.Proc;

/// <summary>What of a VMA the files of /proc leave open.</summary>
[Flags]
public enum VmaDoubts
{
    /// <summary>Nothing of what is named below.</summary>
    None = 0,

    /// <summary>Flags without letters are set; which, smaps does not say.</summary>
    Flags = 1 << 0,

    /// <summary>
    /// The policy that is shown may be the process's, and of one that is the VMA's own the home node is not shown: the
    /// same text may stand for different policies. Other text always does.
    /// </summary>
    Policy = 1 << 1,

    /// <summary>
    /// The policy that is shown may be the file's (shared memory), or none could be read: text says nothing.
    /// </summary>
    PolicyOfFile = 1 << 2,

    /// <summary>The kernel shows [heap] or [stack] in the place of a name that the VMA may have.</summary>
    Name = 1 << 3,
}

/// <summary>What /proc tells and does not tell of a VMA, beside its image.</summary>
/// <param name="AnonymousBytes">
/// Bytes of anonymous pages it has now, in memory or in swap (not counted for a file's): if any, it has an anon_vma;
/// if none, it may have one all the same.
/// </param>
/// <param name="Doubts">What else is left open.</param>
public readonly record struct VmaEvidence(long AnonymousBytes, VmaDoubts Doubts);
