using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

/// <summary>
/// VMAs point to address_spaces, which have parents: private changes go to a space of one's own, what is not there is
/// looked for further up. See docs/designs/address-space-tree.md.
/// </summary>
/// <remarks>
/// Of a folio it keeps <see cref="Frames.Frame.Mapping"/> (the space) and <see cref="Frames.Frame.Index"/> (the index
/// there, equal to the VMA's page offset, which never changes).
/// </remarks>
public sealed class AddressSpaceTreeMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "address-space-tree",
        "Address spaces with parents hold the pages; fork shares them",
        "Jamie Lokier, 27 April 2000",
        PageOwner.Object)
    {
        Layout =
        [
            new(KernelStruct.Vma, "address_space", 1),
            new(KernelStruct.Vma, "place in its list of VMAs", 2),
        ],
        Options =
        [
            new(
                "cut",
                "what becomes of a parent when all pages of the private mapping have been modified",
                new OptionValue("on", "it is dropped"),
                new OptionValue("off", "it stays")),
            new(
                "merge",
                "what becomes of a parent whose only reference is a child",
                new OptionValue("on", "the child absorbs it"),
                new OptionValue("off", "it stays")),
            new(
                "hint",
                "how a look-up knows which space to search first",
                new OptionValue("on", "each space has a word that says which indexes it cannot hold"),
                new OptionValue("off", "it searches one after the other")),
            new(
                "join",
                "what becomes of two neighbours, one written since fork and one not",
                new OptionValue("widen", "the written one's space sees its parent over the other too: one VMA"),
                new OptionValue("same", "they stay two, as their spaces differ")),
        ],
    };

    private SpaceTree? _tree;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    /// <inheritdoc/>
    public override bool OwnsFilePages => true;

    internal SpaceTree Tree => _tree!;

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        _tree = new SpaceTree(world, new TreeSwitches(
            Cuts: Chosen("cut") == "on",
            Merges: Chosen("merge") == "on",
            Hints: Chosen("hint") == "on",
            Widens: Chosen("join") == "widen"));
    }

    /// <inheritdoc/>
    /// <remarks>vm_pgoff is the index: mremap changes nothing, unless the pages are the file's alone.</remarks>
    public override ulong PlaceCopy(VmaId source, ulong start, ulong pages, ulong address) =>
        Tree.IsAtFile(source)
            ? base.PlaceCopy(source, start, pages, address)
            : World.Vmas[source].PgoffAt(start);

    /// <inheritdoc/>
    public override Errno Attach(VmaId vma) => Tree.Attach(vma);

    /// <inheritdoc/>
    public override MergeTests CanJoin(in JoinCandidate candidate) => Tree.CanJoin(candidate);

    /// <inheritdoc/>
    public override MergeTests CanBridge(VmaId left, VmaId right, VmaId between) =>
        Tree.CanBridge(left, right, between);

    /// <inheritdoc/>
    public override void Adjusted(VmaId vma) => Tree.Adjusted(vma);

    /// <inheritdoc/>
    public override Errno Split(VmaId source, VmaId fresh)
    {
        Tree.Clone(source, fresh, LinkFlags.None);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Join(VmaId target, VmaId source)
    {
        Tree.Join(target, source);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override void Joining(VmaId target, VmaId source, ulong start, ulong end) =>
        Tree.Joining(target, source, start, end);

    /// <inheritdoc/>
    public override Errno Extend(VmaId vma, ulong start, ulong end) => Tree.Extend(vma, start, end);

    /// <inheritdoc/>
    public override Errno Copy(VmaId source, VmaId copy)
    {
        Tree.Clone(source, copy, LinkFlags.Arriving);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Relocate(VmaId from, ulong start, VmaId to, ulong target, ulong length) =>
        Tree.Relocate(from, start, to, length);

    /// <inheritdoc/>
    public override Errno Detach(VmaId source, VmaId copy, ulong start, ulong length) =>
        Tree.Detach(source, copy, start, length);

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason) => Tree.Drop(vma, reason);

    /// <inheritdoc/>
    public override Errno Fork(VmaId parent, VmaId child)
    {
        Tree.Fork(parent, child);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override ForkCopy CopyAtFork(VmaId parent) =>
        World.Vmas[parent].Prepared ? ForkCopy.Share : ForkCopy.None;

    /// <inheritdoc/>
    public override Errno Discard(VmaId vma, ulong start, ulong end, UnmapReason reason)
    {
        ulong first = World.Vmas[vma].PgoffAt(start);
        ulong last = World.Vmas[vma].PgoffAt(end);
        if (reason == UnmapReason.Truncate)
        {
            Tree.Truncate(vma, first, last);
            return Errno.None;
        }

        return Tree.Discard(vma, first, last);
    }

    /// <inheritdoc/>
    protected override Errno Load(VmaId vma) => Tree.MakeWritable(vma);

    /// <inheritdoc/>
    public override string? Audit() => Tree.Audit();

    /// <inheritdoc/>
    public override void Note(VmaId vma, IStateNotes notes) => Tree.Note(vma, notes);

    /// <inheritdoc/>
    public override void Describe(VmaId vma, IDesignStructure structure) => Tree.Describe(vma, structure);

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() => Tree.Figures();
}
