using Verso.Engine.Images;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps.AnonVmaChain;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaLazy;

/// <summary>
/// anon-vma-chain in which a VMA gets an anon_vma when it is forked, and not before: until then its own folios name the
/// VMA itself. See docs/designs/anon-vma-lazy.md.
/// </summary>
/// <remarks>
/// A VMA is in one of these states; what it instantiates goes where <see cref="HomeOf"/> says.
/// <code>
///   chain      own anon_vma   new folios name   how it came there
///   empty      none           the VMA           never forked
///   ancestors  none           the VMA           made by fork; inherited folios name the ancestors' anon_vmas
///   any        yes            that anon_vma     it was forked: its folios were re-homed then
/// </code>
/// A split or a merge may leave folios with the name of a VMA that has not got them any more. Either they are given
/// the name of the one that has, or what they name stays allocated as long as they do (<see cref="PinnedVmas"/>).
/// </remarks>
public class AnonVmaLazyMap : DeferredMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly new DesignFacts Line = new(
        "anon-vma-lazy",
        "anon-vma-chain without anon_vmas until fork: folios name their VMA",
        "Tao Wang, ANON_VMA_LAZY, 27 May 2026",
        PageOwner.PageTable)
    {
        Options =
        [
            new(
                "pointer",
                "what becomes of a folio's pointer when another VMA has the folio",
                new OptionValue("repoint", "it is moved to that VMA, under the lock of the split or merge"),
                new OptionValue("pin", "it stays, and so does the VMA: a folio holds a reference")),
        ],
    };

    private long _atFork;
    private long _atSplit;
    private long _atMerge;
    private long _atMove;

    private long _lookups;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    /// <summary>The VMAs that folios name, if they pin them; else null.</summary>
    internal PinnedVmas? Pins { get; private set; }

    /// <summary>A machine in the form that the options choose.</summary>
    internal static Machine Create(MachineOptions options) => Pinning(options)
        ? Machine.With(options, new PinningLazyPages(new()))
        : Machine.With(options, new AnonVmaLazyPages(new()));

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        Pins = Pinning(world.Options) ? new PinnedVmas(world) : null;
    }

    private static bool Pinning(MachineOptions options) => options.Design.GetValueOrDefault("pointer") == "pin";

    /// <summary>A new folio of this VMA: its anon_vma or the VMA itself, and its page offset there.</summary>
    internal void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
        Rename(frame, HomeOf(vma));
        World.Frames[frame].Index = World.Vmas[vma].AnonPgoffAt(address);
    }

    /// <summary>The folio is this VMA's own from now on.</summary>
    internal void Adopt(Pfn frame, VmaId vma) => Rename(frame, HomeOf(vma));

    /// <summary>
    /// A page is back from swap. One that others may share was forked: all of them are linked to the oldest anon_vma.
    /// </summary>
    internal void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing)
    {
        Instantiate(frame, vma, address);
        int newest = Graph.NewestOf(vma);
        if (sharing == PageSharing.Shared && newest != 0)
        {
            Rename(frame, Graph.RootOf(newest));
        }
    }

    /// <summary>A walk by anon_vma, or of a direct folio: of the VMA that has it.</summary>
    internal void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        if (!DirectFolios.IsDirect(walk.Key))
        {
            Graph.Walk(walk, ref visitor);
        }
        else if (Pins is null)
        {
            World.Locks.Take(LockId.Rcu, LockMode.Read, 1);
            _ = WalkVma(DirectFolios.VmaOf(walk.Key), walk, ref visitor);
        }
        else if (World.Mms.Find(Pins.MmOf(walk.Key)) is Mm mm)
        {
            WalkPlaces(mm, Pins.DistanceOf(walk.Key), walk, ref visitor);
        }
    }

    /// <summary>The VMA named may be gone: asked are those that are where it had the pages.</summary>
    private void WalkPlaces<TVisitor>(Mm mm, ulong distance, in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        _lookups++;
        World.Locks.Take(LockId.Rcu, LockMode.Read, 1);
        ulong start = (walk.First + distance) << Page.Shift;
        foreach (VmaId id in mm.Vmas.Within(start, start + ((ulong)walk.Pages << Page.Shift)))
        {
            ref Vma vma = ref World.Vmas[id];
            if (PinnedVmas.DistanceOf(vma) != distance)
            {
                visitor.Dismiss(1);
            }
            else if (WalkVma(id, walk, ref visitor) == WalkStep.Stop)
            {
                return;
            }
        }
    }

    private WalkStep WalkVma<TVisitor>(VmaId id, in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ref Vma vma = ref World.Vmas[id];
        LockId held = LockId.Of(id);
        World.Locks.Begin(held, LockMode.Read);
        WalkStep step = visitor.Visit(walk.In(vma, vma.AnonPgoff));
        World.Locks.End(held, LockMode.Read, 1);
        return step;
    }

    /// <summary>What a folio made in this VMA names: the VMA's own anon_vma, or the VMA.</summary>
    private int HomeOf(VmaId vma)
    {
        int own = Graph.AnonVmaOf(vma);
        return own != 0 ? own : Pins is null ? DirectFolios.Key(vma) : Pins.KeyOf(vma);
    }

    private void Rename(Pfn frame, int key)
    {
        Pins?.Move(World.Frames[frame].Mapping, key);
        World.Frames[frame].Mapping = key;
    }

    /// <inheritdoc/>
    public override Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome)
    {
        outcome = PrepareOutcome.Derive;
        return Errno.None;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The parent's direct folios are about to be shared: they go into an anon_vma now. The child is linked to it and
    /// gets none of its own.
    /// </remarks>
    public override Errno Fork(VmaId parent, VmaId child)
    {
        if (!World.Vmas[parent].Prepared)
        {
            return Errno.None;
        }

        if (Graph.AnonVmaOf(parent) == 0)
        {
            Errno errno = Graph.NewestOf(parent) == 0
                ? Graph.Prepare(parent, PrepareOutcome.Derive, out _)
                : Graph.Own(parent);
            if (errno != Errno.None)
            {
                return errno;
            }

            _atFork += RenameAll(parent, parent);
        }

        return Graph.Inherit(parent, child);
    }

    /// <inheritdoc/>
    public override Errno Split(VmaId source, VmaId fresh)
    {
        Errno errno = Graph.CloneSame(source, fresh);
        if (errno == Errno.None && Graph.AnonVmaOf(fresh) == 0 && Pins is null)
        {
            _atSplit += RenameAll(fresh, source);
        }

        return errno;
    }

    /// <inheritdoc/>
    /// <remarks>A target that was never forked takes the anon_vma of one that was, for its own folios too.</remarks>
    public override Errno Join(VmaId target, VmaId source)
    {
        if (Graph.NewestOf(target) != 0 || Graph.NewestOf(source) == 0)
        {
            return Errno.None;
        }

        Errno errno = Graph.CloneSame(source, target);
        if (errno == Errno.None)
        {
            Invariant.Require(Graph.AnonVmaOf(target) != 0);
            _atMerge += RenameAll(target, target);
        }

        return errno;
    }

    /// <inheritdoc/>
    public override void Joining(VmaId target, VmaId source, ulong start, ulong end)
    {
        if (Graph.AnonVmaOf(source) == 0 && (Pins is null || Graph.AnonVmaOf(target) != 0))
        {
            _atMerge += DirectFolios.Rename(World, Pins, World.Vmas[source].Mm, start, end, HomeOf(target));
        }
    }

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason)
    {
        base.Drop(vma, reason);
        Pins?.Drop(vma, reason);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Into a VMA that is linked to nothing all folios go as its own: there they were before, if this is the way back.
    /// </remarks>
    public override void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
        Folios which = Graph.NewestOf(to) == 0 ? Folios.All : Folios.Direct;
        if (from != to && (which == Folios.All || Graph.AnonVmaOf(from) == 0))
        {
            _atMove += DirectFolios.Rename(World, Pins, source, HomeOf(to), which);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// An image of a kernel has anon_vmas where this design would not: those that no fork has touched go, and so do
    /// those of VMAs that fork made and that were not forked again.
    /// </remarks>
    public override Errno Load(IReadOnlyList<LoadedImage> images) => base.Load(UnforkedAnonVmas.Remove(images));

    /// <inheritdoc/>
    public override string? Audit()
    {
        return (Pins is null ? AuditDirect() : AuditPinned(Pins)) ?? base.Audit();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() =>
    [
        new("folios given an anon_vma at fork", _atFork),
        new("folios re-pointed at split", _atSplit),
        new("folios re-pointed at merge", _atMerge),
        new("folios re-pointed at mremap", _atMove),
        .. Pins is null ? [] : Pins.Figures(_lookups),
    ];

    private string? AuditPinned(PinnedVmas pins)
    {
        foreach (Mm mm in World.Mms.Live)
        {
            foreach (VmaId vma in mm.Vmas.Ids)
            {
                if (pins.AuditPlaces(vma) is string misplaced)
                {
                    return misplaced;
                }
            }
        }

        return pins.Audit();
    }

    private string? AuditDirect()
    {
        for (int pfn = 1; pfn < World.Frames.UsedCount; pfn++)
        {
            Frames.Frame frame = World.Frames[new Pfn(pfn)];
            bool isDirect = frame.IsAnonymous && DirectFolios.IsDirect(frame.Mapping);
            if (isDirect && AuditDirect(frame) is string broken)
            {
                return $"{new Pfn(pfn)}: {broken}";
            }
        }

        return null;
    }

    private string? AuditDirect(in Frames.Frame frame)
    {
        VmaId id = DirectFolios.VmaOf(frame.Mapping);
        Vma vma = World.Vmas[id];
        return vma.Mm.IsNone || frame.Index - vma.AnonPgoff >= vma.Pages ? $"names {id}, which does not have it"
            : Graph.AnonVmaOf(id) != 0 ? $"names {id}, which has an anon_vma"
            : frame.MapCount > 1 ? $"names {id}, and is mapped {frame.MapCount} times"
            : null;
    }

    /// <summary>Under the lock of the VMA that they name so far, which is what a walk of them takes.</summary>
    private int RenameAll(VmaId id, VmaId named)
    {
        Vma vma = World.Vmas[id];
        int folios = DirectFolios.Rename(World, Pins, vma.Mm, vma.Start, vma.End, HomeOf(id));
        World.Locks.Take(LockId.Of(named), LockMode.Write, folios);
        return folios;
    }
}
