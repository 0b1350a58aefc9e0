namespace Verso.Engine.ReverseMaps.Anonmm;

/// <summary>
/// Virtual pages of one mm whose contents began, all of them, at the same distance from where they are.
/// </summary>
internal struct MovedRange : IArenaSlot
{
    /// <summary>
    /// Two tree nodes of 24 bytes, the augmentation of one (8; ranges by place never overlap), and first, last and
    /// displacement. No kernel has it: the mail only says "a metadata tracking a range".
    /// </summary>
    public static KernelSize KernelSize { get; } = new(80, 40);

    /// <summary>Where it is: virtual page numbers. Ranges of one mm do not overlap here.</summary>
    public IntervalLinks Place;

    /// <summary>Where it began. Ranges may overlap here.</summary>
    public IntervalLinks Origin;

    /// <summary>Place minus origin, in pages; never 0.</summary>
    public readonly long Displacement => (long)(Place.First - Origin.First);

    int IArenaSlot.NextFree { readonly get => Origin.Left; set => Origin.Left = value; }
}

/// <summary>The moved ranges of an mm by where they are.</summary>
internal readonly struct ByPlace : IIntervalLinksOf<MovedRange>
{
    public static ref IntervalLinks In(ref MovedRange node) => ref node.Place;
}

/// <summary>The moved ranges of an mm by where they began.</summary>
internal readonly struct ByOrigin : IIntervalLinksOf<MovedRange>
{
    public static ref IntervalLinks In(ref MovedRange node) => ref node.Origin;
}
