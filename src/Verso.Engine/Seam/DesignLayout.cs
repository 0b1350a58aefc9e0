namespace Verso.Engine.ReverseMaps;

/// <summary>A struct of the kernel that each design has fields of its own in.</summary>
public enum KernelStruct
{
    /// <summary><c>vm_area_struct</c>.</summary>
    Vma = 0,

    /// <summary><c>mm_struct</c>.</summary>
    Mm = 1,

    /// <summary><c>struct page</c>: there is one for every frame.</summary>
    Page = 2,
}

/// <summary>A field that a design needs there.</summary>
/// <param name="Struct">Where.</param>
/// <param name="Name">What, in the words of its source.</param>
/// <param name="Words">How many pointers, or numbers as long as one.</param>
public sealed record LayoutField(KernelStruct Struct, string Name, int Words)
{
    /// <summary>
    /// Node and augmentation of <c>i_mmap</c>, in every design in which files are a realm of their own.
    /// </summary>
    public static LayoutField FileMap { get; } = new(KernelStruct.Vma, "shared (i_mmap)", 4);

    /// <summary><c>anon_vma</c> and the head of its chain.</summary>
    public static IReadOnlyList<LayoutField> AnonVmaChain { get; } =
        [new(KernelStruct.Vma, "anon_vma", 1), new(KernelStruct.Vma, "anon_vma_chain", 2), FileMap];
}
