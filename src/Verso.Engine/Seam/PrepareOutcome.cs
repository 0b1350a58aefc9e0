namespace Verso.Engine;

/// <summary>How the kernel's <c>__anon_vma_prepare</c> ended, where the log saw it.</summary>
public enum PrepareOutcome : byte
{
    /// <summary>Nothing was prepared, or it is unknown: derive it.</summary>
    Derive = 0,

    /// <summary>A new anon_vma was allocated and linked.</summary>
    Allocated = 1,

    /// <summary>A neighbour's anon_vma was reused.</summary>
    Reused = 2,
}
