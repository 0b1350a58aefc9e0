using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.Anonmm;

/// <summary>
/// A page holds the mm it began in and its virtual address; a walk tries that address in every mm that fork made since
/// exec. See docs/designs/anonmm.md.
/// </summary>
/// <remarks>
/// Of a folio it keeps <see cref="Frames.Frame.Mapping"/>, the anonmm, and <see cref="Frames.Frame.Index"/>, the
/// virtual page number. A mapping of 0 says that mremap has given the page a pte_chain. Anonymous neighbours always
/// join: nothing leads to a VMA.
/// </remarks>
public sealed class AnonmmMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "anonmm",
        "A page holds its first mm and its address; a walk tries all mms since exec",
        "Hugh Dickins, anobjrmap of March 2003, rmap 10 of April 2004; the mail of 12 March 2004",
        PageOwner.PageTable)
    {
        Layout =
        [
            new(KernelStruct.Mm, "anonmm", 1),
            LayoutField.FileMap,
        ],
        Options =
        [
            new(
                "mremap",
                "what becomes of a page that no longer is at its address",
                new OptionValue("chain", "a moved page has a pte_chain from then on"),
                new OptionValue("copy-early", "an exclusive page gets a new address, a shared one is copied"),
                new OptionValue("range", "a table of moved ranges for each mm"),
                new OptionValue("none", "nothing: a moved page is not found", Soundness.Broken)),
            new(
                "rehome",
                "what becomes of a page whose mm has exited",
                new OptionValue("reclaim", "when reclaim asks who maps it, it comes to name a living mm that does"),
                new OptionValue("never", "it names that mm until its last user writes to it")),
        ],
    };

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    internal AnonmmLists Lists { get; private set; } = null!;

    /// <summary>Where mremap=chain; else null.</summary>
    internal MovedPages? Moved { get; private set; }

    /// <summary>Where mremap=range; else null.</summary>
    internal MovedRanges? Ranges { get; private set; }

    /// <summary>Where mremap=copy-early; else null.</summary>
    internal EarlyCopies? Copies { get; private set; }

    /// <summary>Whether a walk of reclaim gives pages of an mm that has gone to a living one.</summary>
    private bool _rehomes;

    private long _rehomed;

    /// <summary>Whether every page that names an mm is at its address there; not where mremap=none.</summary>
    internal bool NotesMoves => Moved is not null || Copies is not null || Ranges is not null;

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        Lists = new AnonmmLists(world);
        _rehomes = Chosen("rehome") == "reclaim";
        string mremap = Chosen("mremap");
        Moved = mremap == "chain" ? new MovedPages(world, Lists) : null;
        Copies = mremap == "copy-early" ? new EarlyCopies(world, Lists) : null;
        Ranges = mremap == "range" ? new MovedRanges(world, Lists) : null;
    }

    /// <inheritdoc/>
    public override Errno BeginMm(Mm mm, MmId parent) => Lists.Begin(mm.Id, parent);

    /// <inheritdoc/>
    public override void EndMm(Mm mm)
    {
        Ranges?.Forget(mm.Id);
        Lists.End(mm.Id);
    }

    /// <inheritdoc/>
    public override Errno Relocate(VmaId from, ulong start, VmaId to, ulong target, ulong length)
    {
        Mm mm = World.Mms[World.Vmas[from].Mm];
        return Moved?.Chain(mm, start, length)
            ?? Copies?.CopyShared(from, start, length)
            ?? Ranges?.Relocate(mm.Id, start >> Page.Shift, target >> Page.Shift, length >> Page.Shift)
            ?? Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Fork(VmaId parent, VmaId child) => Ranges?.Inherit(parent, child) ?? Errno.None;

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason)
    {
        if (reason != DropReason.Joined)
        {
            Ranges?.Drop(vma);
        }
    }

    /// <inheritdoc/>
    public override string? Audit() => new AnonmmAudit(this).Run();

    /// <inheritdoc/>
    public override void Note(VmaId vma, IStateNotes notes) => Ranges?.Note(World.Vmas[vma].Mm, notes);

    /// <inheritdoc/>
    public override void Describe(VmaId vma, IDesignStructure structure)
    {
        MmId mm = World.Vmas[vma].Mm;
        int anonmm = Lists.Of(mm);
        int head = Lists[anonmm].Head;
        structure.Leads(mm, new DesignObject("anonmm", anonmm));
        structure.Add(new("anonmm", anonmm), head == anonmm ? default : new("anonmm", head));
        structure.Add(new("anonmm", head));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() =>
    [
        new("pages re-homed", _rehomed),
        .. Moved?.Figures() ?? [],
        .. Copies?.Figures() ?? [],
        .. Ranges?.Figures() ?? [],
    ];

    /// <summary>The virtual page number by which a page is known that appears at an address.</summary>
    internal ulong IndexAt(int anonmm, ulong address) =>
        Ranges is null ? address >> Page.Shift : Ranges.OriginOf(anonmm, address >> Page.Shift);

    /// <summary>
    /// page_referenced_anon: the mm that the page names first, then all others of its list, at the same address. If the
    /// first has exited, the page names from then on the next that maps it, so that what is left of the first can go.
    /// </summary>
    /// <remarks>
    /// A probe looks as reclaim does, but nothing must depend on how often one looks: it changes nothing.
    /// </remarks>
    internal void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        int named = walk.Key;
        if (named == 0)
        {
            Moved!.Walk(walk, ref visitor);
            return;
        }

        LockId list = Lists.LockOf(named);
        World.Locks.Begin(list, LockMode.Read);
        long steps = 0;
        int at = named;
        bool seeksHome = _rehomes && walk is { Purpose: WalkPurpose.Reclaim, Pages: 1 } && Lists[named].Mm.IsNone;
        int home = 0;
        WalkStep step = WalkStep.Continue;
        do
        {
            steps++;
            MmId mm = Lists[at].Mm;
            if (!mm.IsNone && World.Mms[mm].PageTableRoot != 0)
            {
                home = seeksHome && home == 0 && Maps(mm, walk) ? at : home;
                step = visitor.Visit(new WalkCandidate(mm, walk.First << Page.Shift, walk.First, walk.Pages));
                if (step == WalkStep.Continue && Ranges is not null)
                {
                    step = Ranges.Walk(at, walk, ref visitor, ref steps);
                }
            }

            at = Lists[at].Next;
        }
        while (at != named && step == WalkStep.Continue);
        World.Locks.End(list, LockMode.Read, steps);
        if (home != 0)
        {
            Rename(walk.Frame, home);
            _rehomed++;
        }
    }

    /// <summary>Whether an address space maps the page of a walk at the address that is its number.</summary>
    private bool Maps(MmId mm, in RmapWalk walk)
    {
        ulong pte = World.PageTables.Read(World.Mms[mm], walk.First << Page.Shift);
        return Pte.HasFrame(pte) && Pte.Frame(pte) == walk.Frame;
    }

    /// <summary>
    /// A swap entry will be made present. If its page is back already and is mapped at another address, because mremap
    /// has moved the entry or the other: a chain for the page, or a copy for the entry. ENOMEM.
    /// </summary>
    internal Errno BeforeSwapIn(in PteRange at)
    {
        int slot = Pte.Slot(World.PageTables.Entry(at.Table, at.First));
        Pfn cached = World.Swap.FrameOf(slot);
        if (cached.IsNone)
        {
            return Errno.None;
        }

        return Moved?.Reserve(cached, at.Address) ?? Copies?.CopySwapped(at, slot) ?? Errno.None;
    }

    /// <summary>Takes a new page in.</summary>
    internal void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        int anonmm = Lists.Of(World.Vmas[vma].Mm);
        Lists.Get(anonmm);
        World.Frames[frame].Mapping = anonmm;
        World.Frames[frame].Index = IndexAt(anonmm, address);
    }

    /// <summary>The page is the mm's own: it names that mm from now on. One with a chain needs no name.</summary>
    internal void Adopt(Pfn frame, VmaId vma)
    {
        int named = World.Frames[frame].Mapping;
        int own = Lists.Of(World.Vmas[vma].Mm);
        if (named != 0 && named != own)
        {
            Rename(frame, own);
        }
    }

    private void Rename(Pfn frame, int anonmm)
    {
        int named = World.Frames[frame].Mapping;
        Lists.Get(anonmm);
        World.Frames[frame].Mapping = anonmm;
        Lists.Put(named);
    }

    /// <summary>The page is free: it names nobody any more.</summary>
    internal void Release(Pfn frame)
    {
        int named = World.Frames[frame].Mapping;
        if (named == 0)
        {
            Moved!.Release(frame);
        }
        else
        {
            Lists.Put(named);
        }
    }
}
