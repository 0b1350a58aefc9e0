using Verso.Engine.Images;
using Verso.Engine.Lookups;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVma;

/// <summary>
/// An anon_vma is shared by the VMAs of parent and children; a page points to it, and its index gives the address. See
/// docs/designs/anon-vma.md.
/// </summary>
/// <remarks>
/// Of a folio it keeps <see cref="Frames.Frame.Mapping"/> (the anon_vma; of a direct page minus the VMA) and
/// <see cref="Frames.Frame.Index"/> (the page offset, which mremap does not change).
/// </remarks>
public sealed class AnonVmaMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "anon-vma",
        "One anon_vma for the VMAs of parent and children; Linux 2.6.7 to 2.6.33",
        "Andrea Arcangeli, March 2004 (\"anon_vma RFC2\"); merged in 2.6.7",
        PageOwner.PageTable)
    {
        Layout =
        [
            new(KernelStruct.Vma, "anon_vma", 1),
            new(KernelStruct.Vma, "anon_vma_node", 2),
            LayoutField.FileMap,
        ],
        Options =
        [
            new(
                "mode",
                "when a VMA gets its anon_vma",
                new OptionValue("2.6.7", "at the first private write, a neighbour's if it suits"),
                new OptionValue("rfc2", "at the first fork; until then pages point to their VMA"),
                new OptionValue(
                    "rfc2-as-posted", "as rfc2, but pages do not follow splits and merges", Soundness.Broken)),
            new(
                "lookup",
                "how an anon_vma finds the VMAs that cover a page",
                new OptionValue("list", "looks at all, as in 2.6.7"),
                new OptionValue("prio-tree", "priority search tree, as files had"),
                new OptionValue("interval-tree", "as Linux has had since 2012")),
            new(
                "files",
                "how an inode finds the VMAs that cover a page of the file",
                new OptionValue("interval-tree", "as Linux has had since 2012, and every design here by default"),
                new OptionValue("prio-tree", "priority search tree, as in 2.6.7"),
                new OptionValue("list", "looks at all, as before 2.6.7")),
        ],
    };

    /// <summary>
    /// A spinlock and a list_head on a 64-bit machine (4, padded to 8, and 16). The root of a priority search tree has
    /// 16 bytes too (a pointer, two shorts), and that of an interval tree with its leftmost node.
    /// </summary>
    private static KernelSize KernelSize { get; } = new(24, 12);

    private VmaLookup? _lookup;
    private VmaGroups? _anonVmas;
    private PagesFollow _follow;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    /// <inheritdoc/>
    public override bool OwnsFilePages => Files is not null;

    internal VmaGroups AnonVmas => _anonVmas!;

    /// <summary>The VMAs of files; null where the machine's own way to find them is as good.</summary>
    internal FileMappings? Files { get; private set; }

    /// <summary>The pages that point to their VMA; null where the mode has none.</summary>
    internal DirectPages? Direct { get; private set; }

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        _lookup = VmaLookup.Named(Chosen("lookup"), world, SortedBy.OwnPages);
        string files = Chosen("files");
        Files = files == "interval-tree"
            ? null
            : new FileMappings(world, VmaLookup.Named(files, world, SortedBy.FilePages));
        _anonVmas = new VmaGroups(
            world, world.Ledger.Register("anon_vma", KernelSize), LockClass.AnonVma, _lookup);
        Direct = Chosen("mode") == "2.6.7" ? null : new DirectPages(world);
        _follow = Chosen("mode") == "rfc2-as-posted" ? PagesFollow.MovesOnly : PagesFollow.Everything;
    }

    /// <inheritdoc/>
    /// <remarks>A VMA whose pages are direct has no anon_vma, so it stands in nobody's way.</remarks>
    public override MergeTests CanJoin(in JoinCandidate candidate) => AnonVmas.CanJoin(candidate);

    /// <inheritdoc/>
    public override MergeTests CanBridge(VmaId left, VmaId right, VmaId between) => AnonVmas.CanBridge(left, right);

    /// <inheritdoc/>
    public override Errno Attach(VmaId vma)
    {
        Files?.Enter(vma);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override void Adjusting(VmaId vma)
    {
        AnonVmas.Adjusting(vma);
        Files?.Adjusting(vma);
    }

    /// <inheritdoc/>
    public override void Adjusted(VmaId vma)
    {
        AnonVmas.Adjusted(vma);
        Files?.Adjusted(vma);
    }

    /// <inheritdoc/>
    public override Errno Split(VmaId source, VmaId fresh)
    {
        AnonVmas.Follow(source, fresh);
        Files?.Enter(fresh);
        if (_follow == PagesFollow.Everything)
        {
            ref Vma range = ref World.Vmas[fresh];
            Direct?.Take(source, fresh, range.Start, range.End, DirectReason.Split);
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Join(VmaId target, VmaId source)
    {
        AnonVmas.Follow(source, target);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override void Joining(VmaId target, VmaId source, ulong start, ulong end)
    {
        if (_follow == PagesFollow.Everything)
        {
            Direct?.Take(source, target, start, end, DirectReason.Merge);
        }
    }

    /// <inheritdoc/>
    public override Errno Copy(VmaId source, VmaId copy)
    {
        AnonVmas.Follow(source, copy);
        Files?.Enter(copy);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason)
    {
        AnonVmas.Leave(vma);
        Direct?.Forget(vma);
        if (reason != DropReason.MovedAway)
        {
            Files?.Leave(vma);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// anon_vma_link. Where pages are direct, the first fork that finds one allocates, and from then on the pages that
    /// are there belong to the anon_vma.
    /// </remarks>
    public override Errno Fork(VmaId parent, VmaId child)
    {
        if (Direct is not null && Direct.AreIn(parent))
        {
            if (AnonVmas[parent] == 0 && AnonVmas.Create(parent) == 0)
            {
                return Errno.ENOMEM;
            }

            Direct.Share(parent, AnonVmas[parent]);
        }

        AnonVmas.Follow(parent, child);
        Files?.Enter(child);
        return Errno.None;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Of 2.6.7: the next VMA's anon_vma, then the previous one's, whether or not they were forked; else a new one.
    /// </remarks>
    public override Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome)
    {
        outcome = PrepareOutcome.Derive;
        if (Direct is not null)
        {
            return Errno.None;
        }

        (VmaId next, VmaId previous) = Neighbours.Of(World, vma);
        int near = AnonVmas[next] != 0 ? AnonVmas[next] : AnonVmas[previous];
        if (near != 0)
        {
            AnonVmas.Enter(near, vma);
            outcome = PrepareOutcome.Reused;
            return Errno.None;
        }

        outcome = PrepareOutcome.Allocated;
        return AnonVmas.Create(vma) == 0 ? Errno.ENOMEM : Errno.None;
    }

    /// <inheritdoc/>
    public override string? Audit() => AnonVmas.Audit(CheckPage) ?? Files?.Audit();

    /// <inheritdoc/>
    /// <remarks>Where pages are direct an anon_vma is needed only for what fork has shared.</remarks>
    public override Errno Load(IReadOnlyList<LoadedImage> images)
    {
        foreach (LoadedImage image in images)
        {
            foreach (VmaId vma in image.Vmas)
            {
                Files?.Enter(vma);
            }
        }

        return AnonVmas.Load(images, Direct is null ? Roots.All : Roots.Shared);
    }

    /// <inheritdoc/>
    public override void Describe(VmaId vma, IDesignStructure structure)
    {
        if (AnonVmas[vma] != 0)
        {
            DesignObject group = new("anon_vma", AnonVmas[vma]);
            structure.Leads(vma, group, isForNew: true);
            structure.Add(group);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() =>
    [
        new("most VMAs of an anon_vma", AnonVmas.LargestCount, FigureKind.State),
        new("listed VMAs that did not cover the page", _lookup!.Passed),
        new("VMAs of files that did not cover the page", Files?.Passed ?? 0),
        .. Direct?.Figures() ?? [],
    ];

    /// <summary>Whether a page may be mapped in this VMA, by what it points to.</summary>
    internal bool Belongs(in Frames.Frame page, VmaId vma) => DirectPages.IsDirect(page.Mapping)
        ? _follow == PagesFollow.MovesOnly || DirectPages.VmaOf(page.Mapping) == vma
        : page.Mapping == AnonVmas[vma];

    internal void Moved(VmaId from, VmaId to, in PteRange source) => Direct?.Take(from, to, source);

    private string? CheckPage(VmaId vma, in Frames.Frame page)
    {
        if (!Belongs(page, vma))
        {
            return $"points to {page.Mapping}, but its VMA has {AnonVmas[vma]}";
        }

        return DirectPages.IsDirect(page.Mapping) && page.MapCount != 1 ? "is direct, but mapped more than once" : null;
    }

    /// <summary>When direct pages learn of a new VMA.</summary>
    private enum PagesFollow
    {
        Everything = 0,

        /// <summary>Only when mremap maps them anew: the patch of the mail has nothing in split and merge.</summary>
        MovesOnly = 1,
    }
}
