using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps;

/// <summary>
/// A reverse-map design: the half of the seam that is asked once an operation, under the mmap write lock. The other
/// half, asked for every range of entries, is <see cref="IPageHooks{TSelf}"/>. The machine never asks which design it
/// has.
/// </summary>
/// <remarks>
/// <para>
/// The default implementation of a hook means: this design keeps nothing that such an event changes. A design that
/// differs from another in some rules derives from it (docs/decisions/0001).
/// </para>
/// <para>
/// Hooks that return <see cref="Errno"/> may allocate and fail with ENOMEM; then they must have changed nothing that a
/// later <see cref="Drop"/> does not undo. No other hook may allocate kernel objects.
/// </para>
/// </remarks>
public abstract class ReverseMap
{
    private World? _world;
    private IReadOnlyDictionary<string, string> _options = new Dictionary<string, string>();

    /// <summary>The arenas that design and machine work on. Requires: <see cref="Start"/> has been called.</summary>
    public World World
    {
        get
        {
            Invariant.Require(_world is not null);
            return _world;
        }
    }

    /// <summary>What the catalogue says of this design.</summary>
    public abstract DesignFacts Facts { get; }

    /// <summary>
    /// Whether walks of the design find file pages too; else the machine walks the file's own list of mappings. Known
    /// after <see cref="Start"/>.
    /// </summary>
    public virtual bool OwnsFilePages => false;

    /// <summary>
    /// Called once, before anything else. Throws <see cref="ArgumentException"/> on an unknown option.
    /// </summary>
    public virtual void Start(World world)
    {
        _world = world;
        _options = DesignOptions.Read(Facts, world.Options.Design);
    }

    /// <summary>The value chosen for an option of <see cref="DesignFacts.Options"/>, or its default.</summary>
    protected string Chosen(string option) => _options[option];

    /// <summary>A new address space; <paramref name="parent"/> is none after exec.</summary>
    public virtual Errno BeginMm(Mm mm, MmId parent) => Errno.None;

    /// <summary>The address space is gone; all its VMAs have been dropped.</summary>
    public virtual void EndMm(Mm mm)
    {
    }

    /// <summary>
    /// The page offset of a fresh private anonymous mapping of so many pages at this byte address
    /// (Linux: address >> 12).
    /// </summary>
    public virtual ulong Place(Mm mm, ulong address, ulong pages) => address >> Page.Shift;

    /// <summary>
    /// The page offset that [start, start + pages) of a VMA has after it has moved to <paramref name="address"/>
    /// (copy_vma): a VMA never faulted in follows the address, which makes merging there likelier.
    /// </summary>
    public virtual ulong PlaceCopy(VmaId source, ulong start, ulong pages, ulong address)
    {
        ref Vma vma = ref World.Vmas[source];
        return World.Files.IsFilledAnonymously(vma) && !vma.Prepared
            ? Place(World.Mms[vma.Mm], address, pages)
            : vma.PgoffAt(start);
    }

    /// <summary>
    /// A process calls mremap for what is at this byte address, whatever will come of it. Where it asks to relocate
    /// (MREMAP_RELOCATE_ANON) that is EINVAL, as in every kernel: what it asked for is the design's to remember.
    /// </summary>
    public virtual void Remapping(MmId mm, ulong address, bool asksToRelocate)
    {
    }

    /// <summary>A mapping that nothing was copied from: mmap, brk, exec's image.</summary>
    public virtual Errno Attach(VmaId vma) => Errno.None;

    /// <summary>The anon_vma and page offset tests of a merge, and only these.</summary>
    /// <remarks>
    /// As it is here, anonymous neighbours always join: the design depends on no page offset of theirs. A file's must
    /// be linear across the boundary.
    /// </remarks>
    public virtual MergeTests CanJoin(in JoinCandidate candidate) =>
        candidate.IsAnonymous || candidate.LeftPgoff == candidate.RightPgoff ? MergeTests.None : MergeTests.PageOffset;

    /// <summary>
    /// Both neighbours of a range may absorb it; may they end in one VMA together? (can_vma_merge_right)
    /// </summary>
    /// <param name="left">The lower neighbour.</param>
    /// <param name="right">The upper one.</param>
    /// <param name="between">
    /// The VMA whose anonymous state the range has (<see cref="JoinCandidate.StateOf"/>); none for a fresh one.
    /// </param>
    public virtual MergeTests CanBridge(VmaId left, VmaId right, VmaId between) => MergeTests.None;

    /// <summary>
    /// A merge was tried and refused: a design that counts what itself refuses does so here, as
    /// <see cref="CanJoin"/> and <see cref="CanBridge"/> are asked without a merge too and change nothing.
    /// </summary>
    public virtual void Refused(MergeVerdict verdict)
    {
    }

    /// <summary>Bounds or pgoff of a VMA are about to change: take it out of structures that sort by them.</summary>
    public virtual void Adjusting(VmaId vma)
    {
    }

    /// <summary>They have changed: put it back.</summary>
    public virtual void Adjusted(VmaId vma)
    {
    }

    /// <summary>
    /// A VMA was divided: <paramref name="fresh"/> has its bounds and takes over part of <paramref name="source"/>'s
    /// range (anon_vma_clone in __split_vma). Bounds of the source still cover both.
    /// </summary>
    public virtual Errno Split(VmaId source, VmaId fresh) => Errno.None;

    /// <summary>
    /// <paramref name="target"/> will absorb a range that carries the anonymous state of <paramref name="source"/>
    /// (dup_anon_vma). Called before bounds change, once for every VMA that gives; something else may still fail.
    /// </summary>
    public virtual Errno Join(VmaId target, VmaId source) => Errno.None;

    /// <summary>
    /// Nothing can fail any more: [start, end), until now <paramref name="source"/>'s, becomes
    /// <paramref name="target"/>'s. Bounds have not changed yet. Not called where pages are moved there by mremap.
    /// </summary>
    public virtual void Joining(VmaId target, VmaId source, ulong start, ulong end)
    {
    }

    /// <summary>
    /// [start, end), a range no VMA has that touches this one, will become part of it whatever <see cref="CanJoin"/>
    /// says: a stack grows, or mremap grows a mapping where it is. What the VMA finds there must be nothing. Bounds
    /// have not changed yet; something else may still fail.
    /// </summary>
    public virtual Errno Extend(VmaId vma, ulong start, ulong end) => Errno.None;

    /// <summary>
    /// mremap made <paramref name="copy"/> at another address, to receive pages of <paramref name="source"/>.
    /// </summary>
    public virtual Errno Copy(VmaId source, VmaId copy) => Errno.None;

    /// <summary>
    /// mremap will move the entries of [start, start + length) to <paramref name="target"/> in <paramref name="to"/>:
    /// what is kept by address follows. Called the other way round if the entries could not be moved; then it must not
    /// fail. What it returns is what mremap does.
    /// </summary>
    public virtual Errno Relocate(VmaId from, ulong start, VmaId to, ulong target, ulong length) => Errno.None;

    /// <summary>
    /// mremap has moved the pages of [start, start + length) to <paramref name="copy"/>, and <paramref name="source"/>
    /// stays mapped there without them: MREMAP_DONTUNMAP, or a source that could not be unmapped. It finds nothing
    /// there from now on, as after a discard. A failure with MREMAP_DONTUNMAP undoes the whole move.
    /// </summary>
    public virtual Errno Detach(VmaId source, VmaId copy, ulong start, ulong length) => Errno.None;

    /// <summary>The VMA lets go of everything (unlink_anon_vmas). Its pages are already unmapped or moved.</summary>
    public virtual void Drop(VmaId vma, DropReason reason)
    {
    }

    /// <summary>
    /// fork made <paramref name="child"/> from <paramref name="parent"/>; called for each VMA that is inherited.
    /// </summary>
    public virtual Errno Fork(VmaId parent, VmaId child) => Errno.None;

    /// <summary>The same where a recording saw what the kernel reused: <see cref="ForkReuse"/>.</summary>
    /// <param name="parent">The parent's VMA.</param>
    /// <param name="child">The child's.</param>
    /// <param name="logged"><see cref="ForkReuse.Place"/>. Only the kernel's own design has a use for it.</param>
    public virtual Errno Fork(VmaId parent, VmaId child, int logged) => Fork(parent, child);

    /// <summary>
    /// What fork does about the entries of this VMA, apart from mappings of drivers and VMAs with guard markers, whose
    /// entries are always copied (vma_needs_copy).
    /// </summary>
    public virtual ForkCopy CopyAtFork(VmaId parent) =>
        World.Vmas[parent].Prepared ? ForkCopy.Entries : ForkCopy.None;

    /// <summary>
    /// A private page will be put into this VMA: whatever must exist first (__anon_vma_prepare). No-op if it exists.
    /// </summary>
    /// <param name="vma">The VMA.</param>
    /// <param name="logged">What a recording saw, where it saw it: decides races; else Derive.</param>
    /// <param name="outcome">What was done; Derive if there was nothing to do.</param>
    public virtual Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome)
    {
        outcome = PrepareOutcome.Derive;
        return Errno.None;
    }

    /// <summary>
    /// Pages of [start, end) lose their contents, entries or not. May fail for <see cref="UnmapReason.Discard"/> only.
    /// Asked of object-owned designs; called before entries are cleared.
    /// </summary>
    public virtual Errno Discard(VmaId vma, ulong start, ulong end, UnmapReason reason) => Errno.None;

    /// <summary>
    /// What makes fork copy the guard markers of this VMA: a question. As it is here, the way of the kernel's rules:
    /// file mappings have the sticky flag, anonymous ones an anon_vma besides (madvise_guard_install).
    /// </summary>
    public virtual GuardMarks GuardMarksOf(VmaId vma)
    {
        bool sticky = World.Rules.StickyGuardFlag;
        GuardMarks marks = sticky ? GuardMarks.StickyFlag : GuardMarks.None;
        return !sticky || World.Files.IsFilledAnonymously(World.Vmas[vma]) ? marks | GuardMarks.Prepare : marks;
    }

    /// <summary>Guard markers are being put into this VMA, which has what <see cref="GuardMarksOf"/> said.</summary>
    public virtual void MarkGuards(VmaId vma)
    {
    }

    /// <summary>The guard markers of [start, end) have been removed.</summary>
    public virtual void UnmarkGuards(VmaId vma, ulong start, ulong end)
    {
    }

    /// <summary>
    /// Whether a leaf table of this file mapping may go because a huge page took the place of what it maps
    /// (retract_page_tables). Not where private pages or guard markers may be in it: as Linux, by anon_vma and by
    /// VM_MAYBE_GUARD.
    /// </summary>
    public virtual bool MayRetract(VmaId vma) =>
        !World.Vmas[vma].Prepared && (World.Vmas[vma].Flags & VmaFlags.MaybeGuard) == 0;

    /// <summary>
    /// The design's own checks; reports the first violation as text, or null.
    /// </summary>
    public virtual string? Audit() => null;

    /// <summary>
    /// Takes over the state of images (exec, attach) that belong together: ids of anon_vmas mean the same in all of
    /// them, and parents come before their children.
    /// </summary>
    /// <remarks>
    /// As it is here, a VMA that fork copied is forked again from what its parent has now, any other is new, and each
    /// that the kernel prepared is <see cref="Load(VmaId)"/>ed.
    /// </remarks>
    public virtual Errno Load(IReadOnlyList<LoadedImage> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        foreach (LoadedImage image in images)
        {
            ReadOnlySpan<VmaId> vmas = image.Vmas;
            for (int at = 0; at < vmas.Length; at++)
            {
                VmaId origin = image.Origins[at];
                Errno errno = origin.IsNone ? Attach(vmas[at]) : Fork(origin, vmas[at]);
                errno = errno == Errno.None && World.Vmas[vmas[at]].Prepared ? Load(vmas[at]) : errno;
                if (errno != Errno.None)
                {
                    return errno;
                }
            }
        }

        return Errno.None;
    }

    /// <summary>
    /// A VMA of an image has private pages of its own, which ones nobody knows: what must exist before the first of
    /// them. One that fork copied has been written to since then.
    /// </summary>
    protected virtual Errno Load(VmaId vma) => Errno.None;

    /// <summary>
    /// The anon_vma graph as seen from this VMA, for comparison with a kernel; null if the design has no such thing.
    /// The anon_vmas of its chain, and their parents and roots, go to a list.
    /// </summary>
    public virtual AnonVmaView? View(VmaId vma, AnonVmaList nodes) => null;

    /// <summary>
    /// Takes down what the design keeps of this VMA, and of its mm, that no entry, no walk and no
    /// <see cref="View"/> shows now but a later operation may. Counts do not belong here.
    /// </summary>
    public virtual void Note(VmaId vma, IStateNotes notes)
    {
    }

    /// <summary>
    /// Takes down the objects that this VMA, and its mm, lead to, with all above them, to be drawn. As it is here,
    /// there are none: the design has nothing but page tables, or lists entries page by page.
    /// </summary>
    public virtual void Describe(VmaId vma, IDesignStructure structure)
    {
    }

    /// <summary>What only this design counts, in a fixed order; see its page in docs/designs.</summary>
    public virtual IReadOnlyList<DesignFigure> Figures() => [];
}

/// <summary>A count of one design.</summary>
/// <param name="Name">In words, lower case; unique within the design.</param>
/// <param name="Value">A total since the machine began, or what is so now.</param>
/// <param name="Kind">Which of the two.</param>
public readonly record struct DesignFigure(string Name, long Value, FigureKind Kind = FigureKind.Total)
{
    /// <summary>
    /// The figure that each object-owned design has: anonymous frames live now that no VMA can see any more (S5).
    /// </summary>
    public const string StaleFrames = "stale frames";
}

/// <summary>How a figure of a design changes.</summary>
public enum FigureKind
{
    /// <summary>It only grows.</summary>
    Total = 0,

    /// <summary>What is so now. A replay tells the most that it was.</summary>
    State = 1,
}
