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
/// offset there, linear_page_index at the first fault, never changed by mremap).
/// </remarks>
public readonly struct AnonVmaChainMap : IReverseMap
{
    private readonly State _state = new();

    public AnonVmaChainMap()
    {
    }

    /// <inheritdoc/>
    public static DesignFacts Facts { get; } = new(
        "anon-vma-chain",
        "anon_vmas and VMAs linked many to many; Linux today",
        "Rik van Riel, 2010 (5beb49305251); rules of 6.18.44",
        PageOwner.PageTable);

    /// <inheritdoc/>
    public bool OwnsFilePages => false;

    private AnonVmaGraph Graph => _state.Graph!;

    private World World => _state.World!;

    /// <inheritdoc/>
    public void Start(World world)
    {
        DesignOptions.Accept(world.Options.Design);
        _state.World = world;
        _state.Graph = new AnonVmaGraph(world);
    }

    /// <inheritdoc/>
    public Errno BeginMm(Mm mm, MmId parent) => Errno.None;

    /// <inheritdoc/>
    public void EndMm(Mm mm)
    {
    }

    /// <inheritdoc/>
    public ulong Place(Mm mm, ulong address) => address >> Page.Shift;

    /// <inheritdoc/>
    public MergeTests CanJoin(in JoinCandidate candidate) => Graph.CanJoin(candidate);

    /// <inheritdoc/>
    public MergeTests CanBridge(VmaId left, VmaId right) => Graph.CanBridge(left, right);

    /// <inheritdoc/>
    public void Adjusting(VmaId vma) => Graph.Adjusting(vma);

    /// <inheritdoc/>
    public void Adjusted(VmaId vma) => Graph.Adjusted(vma);

    /// <inheritdoc/>
    public Errno Split(VmaId source, VmaId fresh) => Graph.CloneSame(source, fresh);

    /// <inheritdoc/>
    public Errno Join(VmaId target, VmaId source) => Graph.CloneSame(source, target);

    /// <inheritdoc/>
    public Errno Copy(VmaId source, VmaId copy) => Graph.CloneSame(source, copy);

    /// <inheritdoc/>
    public void Drop(VmaId vma) => Graph.Unlink(vma);

    /// <inheritdoc/>
    public Errno Fork(VmaId parent, VmaId child) => Graph.Fork(parent, child);

    /// <inheritdoc/>
    public Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome) =>
        Graph.Prepare(vma, logged, out outcome);

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range) => Errno.None;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        ref Frames.Frame page = ref World.Frames[frame];
        page.Mapping = Graph.AnonVmaOf(vma);
        page.Index = World.Vmas[vma].PgoffAt(address);
        Invariant.Require(page.Mapping != 0);
    }

    /// <inheritdoc/>
    public void Mapped(VmaId vma, in PteRange range)
    {
    }

    /// <inheritdoc/>
    public void Unmapped(VmaId vma, in PteRange range, UnmapReason reason)
    {
    }

    /// <inheritdoc/>
    public Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target) => Errno.None;

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
    }

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address) => World.Frames[frame].Mapping = Graph.AnonVmaOf(vma);

    /// <inheritdoc/>
    public void Walk<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ref Frames.Frame page = ref World.Frames[frame];
        Graph.Walk(page.Mapping, page.Index, ref visitor);
    }

    /// <inheritdoc/>
    public void Release(Pfn frame)
    {
    }

    /// <inheritdoc/>
    public string? Audit() => Graph.Audit();

    /// <inheritdoc/>
    public Errno Load(MmImage image, ReadOnlySpan<VmaId> vmas) => Graph.Load(image, vmas);

    /// <inheritdoc/>
    public AnonVmaView? View(VmaId vma) => Graph.View(vma);

    private sealed class State
    {
        public World? World;
        public AnonVmaGraph? Graph;
    }
}
