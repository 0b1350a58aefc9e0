namespace Verso.Engine.ReverseMaps.CowContext;

/// <summary>
/// Original page offsets of one mm that were remapped, and how far: an entry of the context's maple tree.
/// </summary>
internal struct RemapSegment : IArenaSlot
{
    /// <summary>
    /// A pivot and a slot in a maple node (16 bytes) for itself, and as much for the gap that mostly follows.
    /// </summary>
    public static KernelSize KernelSize { get; } = new(32, 16);

    /// <summary>
    /// Which original page offsets. Segments of one mm do not overlap.
    /// </summary>
    public IntervalLinks Origin;

    /// <summary>How many offsets there are.</summary>
    public int Count;

    /// <summary>The only offset, where there is one: packed into the entry.</summary>
    public long Only;

    /// <summary>Two offsets or more, ascending, in the first <see cref="Count"/> places; else null.</summary>
    public long[]? Several;

    int IArenaSlot.NextFree { readonly get => Origin.Left; set => Origin.Left = value; }
}

/// <summary>The segments of a context.</summary>
internal readonly struct SegmentsByOrigin : IIntervalLinksOf<RemapSegment>
{
    public static ref IntervalLinks In(ref RemapSegment node) => ref node.Origin;
}
