using Verso.Engine.Images;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>
/// A folio names an anon_vma; anon_vmas and VMAs are linked many to many. The design of Linux since 2010, by the rules
/// of 6.18.44: the reference. See docs/designs/anon-vma-chain.md.
/// </summary>
/// <remarks>
/// Of a folio it keeps <see cref="Frames.Frame.Mapping"/> (the anon_vma) and <see cref="Frames.Frame.Index"/> (the page
/// offset there, linear_page_index at the first fault, never changed by mremap). Policies around it derive from it.
/// </remarks>
public class AnonVmaChainMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "anon-vma-chain",
        "anon_vmas and VMAs linked many to many; Linux today",
        "Rik van Riel, 2010 (5beb49305251); rules of 6.18.44",
        PageOwner.PageTable)
    {
        Options =
        [
            new(
                ForkChildren,
                "whether a VMA that fork made merges with one that has no anon_vma",
                new OptionValue("apart", "it does not (965f55dea0e3, 3.0, 2011)"),
                new OptionValue("merge", "it does, as before that commit")),
        ],
    };

    private const string ForkChildren = "fork-children";

    private AnonVmaGraph? _graph;
    private bool _isKernels;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    internal AnonVmaGraph Graph => _graph!;

    /// <summary>When VMAs get an anon_vma of their own.</summary>
    internal virtual AnonVmaOwnership Ownership => AnonVmaOwnership.WithTheChain;

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        bool isReference = Facts == Line;
        bool merges = isReference && Chosen(ForkChildren) == "merge";
        _isKernels = isReference && !merges;
        _graph = new AnonVmaGraph(world, Ownership, merges);
    }

    /// <inheritdoc/>
    public override MergeTests CanJoin(in JoinCandidate candidate) => Graph.CanJoin(candidate);

    /// <inheritdoc/>
    public override MergeTests CanBridge(VmaId left, VmaId right, VmaId between) => Graph.CanBridge(left, right);

    /// <inheritdoc/>
    public override void Adjusting(VmaId vma) => Graph.Adjusting(vma);

    /// <inheritdoc/>
    public override void Adjusted(VmaId vma) => Graph.Adjusted(vma);

    /// <inheritdoc/>
    public override Errno Split(VmaId source, VmaId fresh) => Graph.CloneSame(source, fresh);

    /// <inheritdoc/>
    /// <remarks>dup_anon_vma: a target without anon_vma takes the source's.</remarks>
    public override Errno Join(VmaId target, VmaId source) =>
        Graph.AnonVmaOf(target) == 0 && Graph.AnonVmaOf(source) != 0 ? Graph.CloneSame(source, target) : Errno.None;

    /// <inheritdoc/>
    public override Errno Copy(VmaId source, VmaId copy) => Graph.CloneSame(source, copy);

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason) => Graph.Unlink(vma);

    /// <inheritdoc/>
    public override Errno Fork(VmaId parent, VmaId child) => Graph.Fork(parent, child, ForkReuse.Derive);

    /// <inheritdoc/>
    /// <remarks>A policy has a graph of its own, of which the log knows nothing.</remarks>
    public override Errno Fork(VmaId parent, VmaId child, int logged) =>
        _isKernels && logged != ForkReuse.Derive ? Graph.Fork(parent, child, logged) : Fork(parent, child);

    /// <inheritdoc/>
    public override Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome) =>
        Graph.Prepare(vma, logged, out outcome);

    /// <summary>mremap moves entries: <see cref="IMovingHooks{TSelf}.Moved"/>.</summary>
    public virtual void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
    }

    /// <inheritdoc/>
    public override string? Audit() => Graph.Audit();

    /// <inheritdoc/>
    public override Errno Load(IReadOnlyList<LoadedImage> images) => Graph.Load(images);

    /// <inheritdoc/>
    public override AnonVmaView? View(VmaId vma, AnonVmaList nodes) => Graph.View(vma, nodes);

    /// <inheritdoc/>
    public override void Describe(VmaId vma, IDesignStructure structure)
    {
        AnonVmaList nodes = new();
        AnonVmaView view = Graph.View(vma, nodes);
        foreach (ulong anonVma in view.Chain)
        {
            structure.Leads(vma, ObjectOf(anonVma), anonVma == view.AnonVma);
        }

        foreach (AnonVmaImage node in nodes.Take())
        {
            structure.Add(ObjectOf(node.Id), node.Parent == node.Id ? default : ObjectOf(node.Parent));
        }
    }

    private static DesignObject ObjectOf(ulong anonVma) => anonVma == 0 ? default : new("anon_vma", (int)anonVma);
}
