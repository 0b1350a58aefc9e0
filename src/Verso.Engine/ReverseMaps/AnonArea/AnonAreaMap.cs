using Verso.Engine.Images;
using Verso.Engine.Lookups;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonArea;

/// <summary>
/// A VMA points to an anon_area, which lists every VMA that fork or a split made of it; a page points to the area. See
/// docs/designs/anon-area.md.
/// </summary>
/// <remarks>
/// Of a folio it keeps <see cref="Frames.Frame.Mapping"/> (the area) and <see cref="Frames.Frame.Index"/> (the page
/// offset, which mremap does not change).
/// </remarks>
public sealed class AnonAreaMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "anon-area",
        "VMAs related by fork or split are on the list of one area; so are their pages",
        "David S. Miller, April 2000; quoted in Lokier's mail of 27 April",
        PageOwner.PageTable)
    {
        Layout =
        [
            new(KernelStruct.Vma, "vm_anon", 1),
            new(KernelStruct.Vma, "place in the list of the area", 2),
            LayoutField.FileMap,
        ],
    };

    /// <summary>
    /// The mail names a reference count and an address_space: 8 bytes, and 56 as in 2.3.99 on a 64-bit machine (list of
    /// pages 16, their number 8, operations 8, host 8, i_mmap 8, i_shared_lock 8).
    /// </summary>
    private static KernelSize KernelSize { get; } = new(64, 32);

    private VmaList? _list;
    private VmaGroups? _areas;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    internal VmaGroups Areas => _areas!;

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        _list = new VmaList(world);
        _areas = new VmaGroups(world, world.Ledger.Register("anon_area", KernelSize), LockClass.AnonArea, _list);
    }

    /// <inheritdoc/>
    public override MergeTests CanJoin(in JoinCandidate candidate) => Areas.CanJoin(candidate);

    /// <inheritdoc/>
    public override MergeTests CanBridge(VmaId left, VmaId right, VmaId between) => Areas.CanBridge(left, right);

    /// <inheritdoc/>
    public override void Adjusting(VmaId vma) => Areas.Adjusting(vma);

    /// <inheritdoc/>
    public override void Adjusted(VmaId vma) => Areas.Adjusted(vma);

    /// <inheritdoc/>
    public override Errno Split(VmaId source, VmaId fresh)
    {
        Areas.Follow(source, fresh);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Join(VmaId target, VmaId source)
    {
        Areas.Follow(source, target);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Copy(VmaId source, VmaId copy)
    {
        Areas.Follow(source, copy);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason) => Areas.Leave(vma);

    /// <inheritdoc/>
    /// <remarks>anon_dup: the child's VMA on the list, and one more reference.</remarks>
    public override Errno Fork(VmaId parent, VmaId child)
    {
        Areas.Follow(parent, child);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome)
    {
        outcome = PrepareOutcome.Allocated;
        return Areas.Create(vma) == 0 ? Errno.ENOMEM : Errno.None;
    }

    /// <inheritdoc/>
    public override string? Audit() => Areas.Audit(
        (VmaId vma, in Frames.Frame frame) =>
            frame.Mapping == Areas[vma] ? null : $"belongs to area {frame.Mapping}, its VMA to {Areas[vma]}");

    /// <inheritdoc/>
    public override Errno Load(IReadOnlyList<LoadedImage> images) => Areas.Load(images, Roots.All);

    /// <inheritdoc/>
    public override void Describe(VmaId vma, IDesignStructure structure)
    {
        if (Areas[vma] != 0)
        {
            DesignObject group = new("anon_area", Areas[vma]);
            structure.Leads(vma, group, isForNew: true);
            structure.Add(group);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() =>
    [
        new("longest list", Areas.LargestCount, FigureKind.State),
        new("listed VMAs that did not cover the page", _list!.Passed),
        new("pages that an index would hold twice", CountTwins(), FigureKind.State),
    ];

    /// <summary>
    /// Pages of an area whose page offset another of its pages has: copies that parent and children made. O(frames).
    /// </summary>
    private long CountTwins()
    {
        HashSet<(int Area, ulong Index)> places = [];
        long twins = 0;
        for (int pfn = 1; pfn < World.Frames.UsedCount; pfn++)
        {
            ref Frames.Frame page = ref World.Frames[new Pfn(pfn)];
            bool isOfArea = World.Frames.IsLive(new Pfn(pfn)) && page.IsAnonymous && page.Mapping != 0;
            twins += isOfArea && !places.Add((page.Mapping, page.Index)) ? 1 : 0;
        }

        return twins;
    }
}
