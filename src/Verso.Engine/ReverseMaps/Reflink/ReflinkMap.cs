using System.Globalization;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.Reflink;

/// <summary>
/// Anonymous memory as files with reflinks have it: an address space refers to extents of pages, fork clones the
/// references, a copy-on-write replaces one page's. No anon_vma, no parent chain. See docs/designs/reflink.md.
/// </summary>
/// <remarks>
/// An address space is the file, the page number of an address the offset in it. So VMAs may split and merge as they
/// like, and mremap moves references.
/// </remarks>
/// <param name="facts">Its line in the catalogue, as it is at a step: <see cref="FactsAt"/>.</param>
public sealed class ReflinkMap(DesignFacts facts) : ReverseMap
{
    /// <summary>
    /// Node by page, pointer to the extent, first page, and where in the VMA: the first reference of a VMA lies in it,
    /// and is found there. It is as long as i_mmap's node, anon_vma and its chain are together, whose place it takes.
    /// </summary>
    private static readonly LayoutField _firstReference = new(KernelStruct.Vma, "the first reference to an extent", 7);

    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "reflink",
        "Address spaces refer to extents of memory and files; fork clones references",
        "Lorenzo Stoakes, LSF/MM/BPF topic of January 2025; the answer is this project's",
        PageOwner.Object)
    {
        Layout = [_firstReference],
        Options =
        [
            new(
                "free",
                "when unreferenced pages of an extent are freed",
                new OptionValue("exact", "at once"),
                new OptionValue("whole", "with the whole extent; until then they are stale")),
            new(
                "step",
                "how far the way to it has been gone",
                new OptionValue("6", "files and shared memory are extents too"),
                new OptionValue("5", "page tables are a cache of extents; files are as they were"),
                new OptionValue("4", "extents hold the pages, in memory or swap; fork copies entries still"),
                new OptionValue("3", "extents number the pages of page tables") { Owner = PageOwner.PageTable },
                new OptionValue("2", "no anon_vma before fork") { Owner = PageOwner.PageTable },
                new OptionValue("1", "a child's anon_vma when it writes") { Owner = PageOwner.PageTable }),
        ],
        PageCost = new PageCost(
            "extents; where fork shared them a slot a page, and references but the first of each VMA",
            0,
            0,
            null),
    };

    private Extents? _extents;
    private int _step;

    /// <inheritdoc/>
    public override DesignFacts Facts => facts;

    internal Extents Extents => _extents!;

    /// <summary>The line of the catalogue as it is at a step.</summary>
    internal static DesignFacts FactsAt(int step) => Line with
    {
        Owner = Line.OwnerWith("step", step.ToString(CultureInfo.InvariantCulture)),
        Layout = step switch
        {
            6 => Line.Layout,
            > 2 => [_firstReference, LayoutField.FileMap],
            _ => LayoutField.AnonVmaChain,
        },
    };

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        _step = int.Parse(Chosen("step"), CultureInfo.InvariantCulture);
        _extents = new Extents(world, Chosen("free") == "exact", hasSlots: _step > 3);
    }

    /// <inheritdoc/>
    public override bool OwnsFilePages => _step == 6;

    /// <inheritdoc/>
    public override void EndMm(Mm mm) => Extents.ReturnSpares();

    /// <inheritdoc/>
    /// <remarks>References end where VMAs do, so that dropping one of them divides none.</remarks>
    public override Errno Split(VmaId source, VmaId fresh) =>
        Extents.Give(source, fresh, PageOf(World.Vmas[fresh].Start), PageOf(World.Vmas[fresh].End));

    /// <inheritdoc/>
    public override Errno Join(VmaId target, VmaId source) => Extents.ReserveReferences(4);

    /// <inheritdoc/>
    /// <remarks>Part of a VMA may go to its neighbour without a split. What fits is joined at the old border.</remarks>
    public override void Joining(VmaId target, VmaId source, ulong start, ulong end)
    {
        Invariant.Require(Extents.Give(source, target, PageOf(start), PageOf(end)) == Errno.None);
        Extents.JoinAt(target, PageOf(World.Vmas[target].Start < start ? start : end));
    }

    /// <inheritdoc/>
    public override Errno Relocate(VmaId from, ulong start, VmaId to, ulong target, ulong length) =>
        Extents.Move(from, PageOf(start), PageOf(start + length), to, PageOf(target));

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason)
    {
        if (reason == DropReason.Unmapped)
        {
            Extents.Cut(vma, PageOf(World.Vmas[vma].Start), PageOf(World.Vmas[vma].End));
        }
    }

    /// <inheritdoc/>
    public override Errno Fork(VmaId parent, VmaId child) => Extents.Clone(parent, child);

    /// <inheritdoc/>
    public override ForkCopy CopyAtFork(VmaId parent) =>
        _step < 5 ? base.CopyAtFork(parent)
        : World.Vmas[parent].IsShared ? ForkCopy.None
        : ForkCopy.Share;

    /// <summary>
    /// A page will be mapped that is there already: the file's, or one that an extent holds. ENOMEM.
    /// </summary>
    internal Errno Follow(VmaId vma, ulong address)
    {
        ref Vma node = ref World.Vmas[vma];
        return !OwnsFilePages || node.File.IsNone || World.Files.IsFilledAnonymously(node)
            ? Errno.None
            : Extents.Follow(vma, PageOf(address));
    }

    /// <inheritdoc/>
    public override Errno Discard(VmaId vma, ulong start, ulong end, UnmapReason reason)
    {
        if (reason == UnmapReason.Truncate)
        {
            Extents.Empty(World.Vmas[vma].Mm, PageOf(start), PageOf(end));
            return Errno.None;
        }

        Errno errno = Extents.ReserveReferences(1);
        if (errno == Errno.None)
        {
            Extents.Discard(vma, PageOf(start), PageOf(end));
        }

        return errno;
    }

    /// <inheritdoc/>
    public override string? Audit() => Extents.Audit();

    /// <inheritdoc/>
    public override void Note(VmaId vma, IStateNotes notes)
    {
        ref Vma node = ref World.Vmas[vma];
        Extents.Note(node.Mm, PageOf(node.Start), PageOf(node.End), notes);
    }

    /// <inheritdoc/>
    public override void Describe(VmaId vma, IDesignStructure structure) => Extents.Describe(vma, structure);

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() =>
    [
        new("extents", Extents.ExtentCount, FigureKind.State),
        new("references to extents", Extents.ReferenceCount - Extents.FileReferenceCount, FigureKind.State),
        new("references to files", Extents.FileReferenceCount, FigureKind.State),
        new("pages that joined an extent", Extents.Coalesced),
        new("references divided", Extents.Divided),
        new("extents joined", Extents.Joined),
        new("folios given another extent", Extents.Renamed),
        new(DesignFigure.StaleFrames, Extents.CountStale(), FigureKind.State),
    ];

    private static ulong PageOf(ulong address) => address >> Page.Shift;
}
