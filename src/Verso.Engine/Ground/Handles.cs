namespace Verso.Engine;

/// <summary>An address space. Threads, vfork and CLONE_VM children share one. 0 is none.</summary>
public readonly record struct MmId(int Value)
{
    public bool IsNone => Value == 0;
    public override string ToString() => $"mm{Value}";
}

/// <summary>A VMA: an index into the VMA table. 0 is none. Reused after the VMA is freed.</summary>
public readonly record struct VmaId(int Value)
{
    public bool IsNone => Value == 0;
    public override string ToString() => $"vma{Value}";
}

/// <summary>A page frame number: an index into the frame table. 0 is none.</summary>
public readonly record struct Pfn(int Value)
{
    public bool IsNone => Value == 0;
    public override string ToString() => $"pfn{Value}";
}

/// <summary>
/// An open file (<c>struct file</c>). Two <c>open</c>s of one inode are two of these; a <c>dup</c> is the same.
/// Merging compares this, not the inode. 0 is none (anonymous memory).
/// </summary>
public readonly record struct FileId(int Value)
{
    public bool IsNone => Value == 0;
    public override string ToString() => $"file{Value}";
}

/// <summary>A page: 4096 bytes on x86-64.</summary>
public static class Page
{
    public const int Shift = 12;
    public const int Size = 1 << Shift;
    public const ulong Mask = ~(ulong)(Size - 1);

    /// <summary>
    /// The first address above the user half that a mapping may not reach (TASK_SIZE, 4-level tables).
    /// </summary>
    public const ulong TaskSize = (1UL << 47) - Size;

    /// <summary>The same for a 32-bit program (IA32_PAGE_OFFSET).</summary>
    public const ulong CompatTaskSize = (1UL << 32) - (2 * Size);

    public static bool IsAligned(ulong address) => (address & ~Mask) == 0;

    /// <summary>Rounds up to a page; wraps to 0 within one page of the top, as PAGE_ALIGN does.</summary>
    public static ulong AlignUp(ulong address) => unchecked(address + (Size - 1)) & Mask;

    public static ulong AlignDown(ulong address) => address & Mask;
}
