namespace Verso.Lab.Fidelity;

/// <summary>In what a VMA of the replay differs from the kernel's; bits.</summary>
[Flags]
public enum DifferenceCauses
{
    None = 0,

    /// <summary>The kernel has a VMA that begins here, the replay has none.</summary>
    Missing = 1 << 0,

    /// <summary>The replay has a VMA that begins here, the kernel has none.</summary>
    Extra = 1 << 1,
    End = 1 << 2,
    Flags = 1 << 3,
    Pgoff = 1 << 4,
    File = 1 << 5,

    /// <summary>Only one of them has an anon_vma.</summary>
    AnonVmaPresence = 1 << 6,

    /// <summary>The chains have different lengths.</summary>
    ChainLength = 1 << 7,

    /// <summary>An anon_vma of the chain, or vma->anon_vma, is another's in the rest of the address space.</summary>
    ChainIdentity = 1 << 8,
    Root = 1 << 9,
    Parent = 1 << 10,

    /// <summary>num_children.</summary>
    ChildCount = 1 << 11,

    /// <summary>num_active_vmas.</summary>
    ActiveVmaCount = 1 << 12,

    /// <summary>What concerns the VMA itself.</summary>
    OfVma = Missing | Extra | End | Flags | Pgoff | File,

    /// <summary>What concerns its place in the anon_vma graph.</summary>
    OfGraph = AnonVmaPresence | ChainLength | ChainIdentity | Root | Parent | ChildCount | ActiveVmaCount,
}
