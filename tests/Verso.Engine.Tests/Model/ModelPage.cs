namespace Verso.Engine.Tests.Model;

/// <summary>Yes-or-no properties of one page that a program can set.</summary>
[Flags]
internal enum PageMarks
{
    None = 0,

    /// <summary>MADV_GUARD_INSTALL: every access faults.</summary>
    Guard = 1 << 0,
    DontFork = 1 << 1,
    WipeOnFork = 1 << 2,
    Locked = 1 << 3,
    LockedOnFault = 1 << 4,
    DontDump = 1 << 5,
    Sequential = 1 << 6,
    Random = 1 << 7,

    /// <summary>MAP_SHARED, also of a file that is not open for writing.</summary>
    Shared = 1 << 8,
    NoReserve = 1 << 9,

    /// <summary>
    /// A neighbour in the same VMA, which the model does not know, may have lost its lock for both (MREMAP_DONTUNMAP
    /// clears it on the whole VMA).
    /// </summary>
    LockUnknown = 1 << 10,

    HugePage = 1 << 11,
    NoHugePage = 1 << 12,

    /// <summary>mseal.</summary>
    Sealed = 1 << 13,

    Locks = Locked | LockedOnFault,
}

/// <summary>All that the specification says of one mapped page of one address space.</summary>
/// <remarks>
/// What a page reads is its own copy, or else what lies behind it: 0 for anonymous memory, the object's page for files
/// and shared memory.
/// </remarks>
internal sealed record ModelPage
{
    public Protection Protection { get; init; }

    public PageMarks Marks { get; init; }

    /// <summary>The object behind it: a file or shared memory; 0 for anonymous memory.</summary>
    public int Behind { get; init; }

    /// <summary>Which page of the object.</summary>
    public long Offset { get; init; }

    /// <summary>The open file by its letter; '-' where none was given.</summary>
    public char File { get; init; } = '-';

    /// <summary>Memory policy.</summary>
    public int Policy { get; init; }

    /// <summary>The value of the page's own copy; null while there is none.</summary>
    public byte? Own { get; init; }

    /// <summary>
    /// It may also read what lies behind: after MADV_FREE, or where it depends on bounds of VMAs whether a call copied
    /// it.
    /// </summary>
    public bool MayBeBehind { get; init; }

    public bool IsAnonymous => Behind == 0;

    public bool IsShared => (Marks & PageMarks.Shared) != 0;

    public bool IsGuard => (Marks & PageMarks.Guard) != 0;

    public bool IsLocked => (Marks & PageMarks.Locked) != 0;

    public bool IsLockedOnFault => (Marks & PageMarks.LockedOnFault) != 0;

    public bool IsSealed => (Marks & PageMarks.Sealed) != 0;

    public bool CanWrite => (Protection & Protection.Write) != 0;

    /// <summary>
    /// Without its contents and guard: what a discarded page, or one next to it in a grown mapping, is.
    /// </summary>
    public ModelPage Emptied() => this with { Own = null, MayBeBehind = false, Marks = Marks & ~PageMarks.Guard };

    /// <summary>Without its contents.</summary>
    public ModelPage Discarded() => Own is null ? this : this with { Own = null, MayBeBehind = false };

    public ModelPage With(PageMarks marks) => this with { Marks = Marks | marks };

    public ModelPage Without(PageMarks marks) => this with { Marks = Marks & ~marks };

    /// <summary>Whether the page after this one could be in the same VMA; if not, it certainly is in another.</summary>
    public bool MayContinueIn(ModelPage next) =>
        Protection == next.Protection
        && ((Marks ^ next.Marks) & ~(PageMarks.Guard | PageMarks.LockUnknown)) == 0
        && Behind == next.Behind
        && File == next.File
        && Policy == next.Policy
        && (IsAnonymous || next.Offset == Offset + 1);
}
