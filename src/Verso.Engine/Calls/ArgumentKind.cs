namespace Verso.Engine.Calls;

/// <summary>What an argument of a call is.</summary>
public enum ArgumentKind
{
    /// <summary>A number, written in decimal.</summary>
    Number = 0,

    /// <summary>A number or flags, written in hexadecimal.</summary>
    Hex,

    /// <summary>First byte address of the memory that the call is about.</summary>
    Address,

    /// <summary>Its bytes.</summary>
    Length,

    /// <summary>The bytes it has after the call.</summary>
    NewLength,

    /// <summary>A byte address that is asked for, where the kernel may have the choice.</summary>
    Hint,

    /// <summary>The end of the heap.</summary>
    Break,

    /// <summary>PROT_*.</summary>
    Prot,

    /// <summary>MAP_*.</summary>
    Map,

    /// <summary>MREMAP_*.</summary>
    Remap,

    /// <summary>MCL_*.</summary>
    Mcl,

    /// <summary>MADV_*.</summary>
    Madv,

    /// <summary>A protection key; all ones for none.</summary>
    Key,

    /// <summary>An open file: in a system call a descriptor, in a trace the id of a file.</summary>
    File,

    /// <summary>Bytes into a file.</summary>
    Offset,

    /// <summary>A userfaultfd.</summary>
    Context,

    /// <summary>No argument but a fact that a trace has beside them: the bytes of a segment.</summary>
    Size,

    /// <summary>No argument: 1 where the error that ended the call is not known.</summary>
    Untold,
}
