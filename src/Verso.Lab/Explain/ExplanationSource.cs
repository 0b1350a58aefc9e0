namespace Verso.Lab.Explain;

/// <summary>What an explanation was read from.</summary>
public enum ExplanationSource
{
    /// <summary>The kernel's own VMAs and anon_vma graph: every test was asked.</summary>
    Kernel = 0,

    /// <summary>The files of /proc/PID: some tests could not be asked.</summary>
    Proc = 1,
}

/// <summary>A number that is known to lie between two, both included.</summary>
public readonly record struct CountRange(int Least, int Most);
