using Verso.Engine.Frames;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.CowContext;

/// <summary>
/// One context an mm, in a tree by fork; a folio names the context it began in, and a walk goes down from there,
/// looking VMAs up by address. See docs/designs/cow-context.md.
/// </summary>
/// <remarks>
/// Of a folio it keeps <see cref="Frame.Mapping"/>, the context, and <see cref="Frame.Index"/>, the original page
/// offset. VMAs have nothing. A VMA whose address is not that of its page offset is remapped; its distance is in the
/// table of its mm before the first anonymous page is in it.
/// </remarks>
public sealed class CowContextMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "cow-context",
        "One context an mm, in a tree by fork, and a table of what was remapped",
        "Lorenzo Stoakes, proof of concept shown at LSF/MM/BPF in May 2026",
        PageOwner.PageTable)
    {
        Layout =
        [
            new(KernelStruct.Mm, "cow_context", 1),
            LayoutField.FileMap,
        ],
        Options =
        [
            new(
                "form",
                "as it should be, or with one of three suspected errors of the proof of concept",
                new OptionValue("correct", "all three put right"),
                new OptionValue(
                    "shared-swap-in",
                    "a shared page back from swap names the context of the process that swapped it in",
                    Soundness.Broken),
                new OptionValue(
                    "remapped-exclusive",
                    "a walk of an exclusive folio stops before it has asked for remaps",
                    Soundness.Broken),
                new OptionValue(
                    "offset-insert",
                    "an offset put in front of others takes the place of the next",
                    Soundness.Broken)),
        ],
    };

    private bool _stopsBeforeRemaps;
    private long _lookups;
    private long _passed;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    internal CowContexts Contexts { get; private set; } = null!;

    internal RemapTable Remaps { get; private set; } = null!;

    /// <summary>Whether a folio names an ancestor of all that map it: not where form=shared-swap-in.</summary>
    internal bool NamesAncestors { get; private set; }

    /// <summary>Whether every remap is in its table: not where form=offset-insert.</summary>
    internal bool KeepsOffsets { get; private set; }

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        NamesAncestors = Chosen("form") != "shared-swap-in";
        KeepsOffsets = Chosen("form") != "offset-insert";
        _stopsBeforeRemaps = Chosen("form") == "remapped-exclusive";
        Contexts = new CowContexts(world);
        Remaps = new RemapTable(world, Contexts, KeepsOffsets ? Insertion.Shifting : Insertion.Overwriting);
    }

    /// <inheritdoc/>
    public override Errno BeginMm(Mm mm, MmId parent) => Contexts.Begin(mm.Id, parent);

    /// <inheritdoc/>
    public override void EndMm(Mm mm)
    {
        Remaps.Forget(Contexts.Of(mm.Id));
        Contexts.End(mm.Id);
    }

    /// <inheritdoc/>
    public override MergeTests CanJoin(in JoinCandidate candidate) => candidate.TestAnonPgoff();

    /// <inheritdoc/>
    /// <remarks>Nothing, unless it is remapped: then its part of the table must be removable alone.</remarks>
    public override Errno Split(VmaId source, VmaId fresh)
    {
        ref Vma whole = ref World.Vmas[source];
        ref Vma part = ref World.Vmas[fresh];
        return whole.Prepared && DistanceOf(whole) != 0
            ? Remaps.Divide(
                Contexts.Of(whole.Mm), part.Start == whole.Start ? part.AnonPgoffAt(part.End) : part.AnonPgoff)
            : Errno.None;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The source's distance too, if it is not there as a whole: what cannot be moved goes back, and then nothing may
    /// fail.
    /// </remarks>
    public override Errno Relocate(VmaId from, ulong start, VmaId to, ulong target, ulong length)
    {
        if (length == 0 || !World.Vmas[from].Prepared || World.Vmas[from].IsShared)
        {
            return Errno.None;
        }

        Errno error = Record(from, World.Vmas[from].AnonPgoffAt(start), length >> Page.Shift);
        return error != Errno.None ? error : Record(to, World.Vmas[to].AnonPgoffAt(target), length >> Page.Shift);
    }

    /// <inheritdoc/>
    /// <remarks>A remapped VMA is remapped in the child too.</remarks>
    public override Errno Fork(VmaId parent, VmaId child)
    {
        ref Vma vma = ref World.Vmas[child];
        return vma.Prepared && !vma.IsShared ? Record(child, vma.AnonPgoff, vma.Pages) : Errno.None;
    }

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason)
    {
        ref Vma bounds = ref World.Vmas[vma];
        long distance = DistanceOf(bounds);
        if (reason != DropReason.Joined && distance != 0 && !bounds.IsShared)
        {
            Remaps.Remove(Contexts.Of(bounds.Mm), bounds.AnonPgoff, bounds.AnonPgoff + bounds.Pages - 1, distance);
        }
    }

    /// <inheritdoc/>
    protected override Errno Load(VmaId vma)
    {
        ref Vma bounds = ref World.Vmas[vma];
        return bounds.IsShared ? Errno.None : Reserve(vma, bounds.Start);
    }

    /// <inheritdoc/>
    public override string? Audit() => new CowContextAudit(this).Run();

    /// <inheritdoc/>
    public override void Note(VmaId vma, IStateNotes notes)
    {
        for (int at = Contexts.Of(World.Vmas[vma].Mm); at != 0; at = Contexts[at].Parent)
        {
            notes.Object(at);
            Remaps.Note(at, notes);
        }
    }

    /// <inheritdoc/>
    public override void Describe(VmaId vma, IDesignStructure structure)
    {
        MmId mm = World.Vmas[vma].Mm;
        int context = Contexts.Of(mm);
        structure.Leads(mm, ObjectOf(context));
        while (context != 0)
        {
            int parent = Contexts[context].Parent;
            context = structure.Add(ObjectOf(context), ObjectOf(parent)) ? parent : 0;
        }
    }

    private static DesignObject ObjectOf(int context) => context == 0 ? default : new("cow_context", context);

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures()
    {
        long dead = 0;
        for (int at = 1; at < Contexts.UsedCount; at++)
        {
            dead += Contexts[at].RefCount > 0 && Contexts[at].Mm.IsNone ? 1 : 0;
        }

        return
        [
            new("VMA look-ups by walks", _lookups),
            new("contexts passed by walks", _passed),
            new("contexts without an mm", dead, FigureKind.State),
            new("remapped ranges", Remaps.LiveCount, FigureKind.State),
            new("remaps left behind by unmapping", Remaps.LeftBehind),
        ];
    }

    /// <summary>How far a VMA is from where its page offsets say, in pages.</summary>
    internal static long DistanceOf(in Vma vma) => (long)((vma.Start >> Page.Shift) - vma.AnonPgoff);

    /// <summary>
    /// An anonymous page will be put into the VMA: if that is remapped, its table must say so. ENOMEM.
    /// </summary>
    internal Errno Reserve(VmaId id, ulong address)
    {
        ref Vma vma = ref World.Vmas[id];
        long distance = DistanceOf(vma);
        ulong pgoff = vma.AnonPgoffAt(address);
        return distance == 0 || Remaps.Covers(Contexts.Of(vma.Mm), pgoff, pgoff, distance)
            ? Errno.None
            : Record(id, vma.AnonPgoff, vma.Pages);
    }

    /// <summary>__folio_set_anon: a folio begins in the context of this VMA's mm.</summary>
    internal void Begin(Pfn frame, VmaId vma, ulong address)
    {
        int context = Contexts.Of(World.Vmas[vma].Mm);
        Contexts.Get(context);
        World.Frames[frame].Mapping = context;
        World.Frames[frame].Index = World.Vmas[vma].AnonPgoffAt(address);
    }

    /// <summary>
    /// A folio is back from swap. One that others may have entries for goes to the oldest context, below which all of
    /// them are, as a page goes to the root anon_vma in Linux.
    /// </summary>
    internal void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing)
    {
        Begin(frame, vma, address);
        if (sharing == PageSharing.Shared && NamesAncestors)
        {
            Rename(frame, Contexts[World.Frames[frame].Mapping].Root);
        }
    }

    /// <summary>folio_move_anon_rmap: it names the context of its only user.</summary>
    internal void Adopt(Pfn frame, VmaId vma) => Rename(frame, Contexts.Of(World.Vmas[vma].Mm));

    /// <summary>
    /// Down the tree of contexts, parents first; in each mm the VMA at the folio's own number, then one for each offset
    /// recorded. An exclusive folio is in the mm that it names and nowhere below. All of it under RCU.
    /// </summary>
    internal void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        int top = walk.Key;
        bool exclusive = IsExclusive(walk);
        long before = _passed + _lookups;
        World.Locks.Begin(LockId.Rcu, LockMode.Read);
        for (int at = top; at != 0; at = exclusive ? 0 : Contexts.Next(top, at))
        {
            _passed++;
            MmId mm = Contexts[at].Mm;
            if (!mm.IsNone && WalkMm(World.Mms[mm], at, walk, exclusive, ref visitor) == WalkStep.Stop)
            {
                break;
            }
        }

        World.Locks.End(LockId.Rcu, LockMode.Read, _passed + _lookups - before);
    }

    private bool IsExclusive(in RmapWalk walk)
    {
        int page = 0;
        while (page < walk.Pages && World.Frames[new Pfn(walk.Frame.Value + page)].IsExclusive)
        {
            page++;
        }

        return page == walk.Pages;
    }

    private WalkStep WalkMm<TVisitor>(Mm mm, int context, in RmapWalk walk, bool exclusive, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        WalkStep step = Offer(mm, walk.First, walk.Last, 0, ref visitor);
        if (exclusive && _stopsBeforeRemaps)
        {
            return WalkStep.Stop;
        }

        if (Remaps.IsEmpty(context))
        {
            return step;
        }

        ulong first = walk.First;
        while (step == WalkStep.Continue && first <= walk.Last
            && Remaps.TryRun(context, ref first, walk.Last, out RemapRun run))
        {
            for (int i = 0; i < run.Offsets.Length && step == WalkStep.Continue; i++)
            {
                step = Offer(mm, run.First, run.Last, run.Offsets[i], ref visitor);
            }
        }

        return step;
    }

    /// <summary>
    /// Looks up which VMAs are where the pages are if all are this far from their numbers; one is offered if it has
    /// their page offsets there.
    /// </summary>
    private WalkStep Offer<TVisitor>(Mm mm, ulong first, ulong last, long offset, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        WalkStep step = WalkStep.Continue;
        while (first <= last && step == WalkStep.Continue)
        {
            _lookups++;
            ulong address = (first + (ulong)offset) << Page.Shift;
            VmaId id = mm.Vmas.Lookup(address);
            if (!id.IsNone && Has(World.Vmas[id], offset))
            {
                ulong pages = Math.Min(last - first + 1, (World.Vmas[id].End - address) >> Page.Shift);
                step = visitor.Visit(new WalkCandidate(mm.Id, address, first, (int)pages));
                first += pages;
            }
            else
            {
                visitor.Dismiss(1);
                first++;
            }
        }

        return step;
    }

    private static bool Has(in Vma vma, long offset) => vma.Prepared && !vma.IsShared && DistanceOf(vma) == offset;

    private Errno Record(VmaId id, ulong pgoff, ulong pages)
    {
        ref Vma vma = ref World.Vmas[id];
        long distance = DistanceOf(vma);
        return distance == 0
            ? Errno.None
            : Remaps.Add(Contexts.Of(vma.Mm), pgoff, pgoff + pages - 1, distance);
    }

    private void Rename(Pfn frame, int context)
    {
        int old = World.Frames[frame].Mapping;
        Contexts.Get(context);
        World.Frames[frame].Mapping = context;
        Contexts.Put(old);
    }
}
