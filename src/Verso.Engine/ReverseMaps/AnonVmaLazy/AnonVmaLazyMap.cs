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
/// </remarks>
public class AnonVmaLazyMap : DeferredMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly new DesignFacts Line = new(
        "anon-vma-lazy",
        "anon-vma-chain without anon_vmas until fork: folios name their VMA",
        "Tao Wang, ANON_VMA_LAZY, 27 May 2026",
        PageOwner.PageTable);

    private long _atFork;
    private long _atSplit;
    private long _atMerge;
    private long _atMove;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    /// <summary>What a folio made in this VMA names: the VMA's own anon_vma, or the VMA.</summary>
    internal int HomeOf(VmaId vma)
    {
        int own = Graph.AnonVmaOf(vma);
        return own != 0 ? own : DirectFolios.Key(vma);
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
        if (errno == Errno.None && Graph.AnonVmaOf(fresh) == 0)
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
        if (Graph.AnonVmaOf(source) == 0)
        {
            _atMerge += DirectFolios.Rename(World, World.Vmas[source].Mm, start, end, HomeOf(target));
        }
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
            _atMove += DirectFolios.Rename(World, source, HomeOf(to), which);
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
        for (int pfn = 1; pfn < World.Frames.UsedCount; pfn++)
        {
            Frames.Frame frame = World.Frames[new Pfn(pfn)];
            if (frame.IsAnonymous && DirectFolios.IsDirect(frame.Mapping) && AuditDirect(frame) is string broken)
            {
                return $"{new Pfn(pfn)}: {broken}";
            }
        }

        return base.Audit();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() =>
    [
        new("folios given an anon_vma at fork", _atFork),
        new("folios re-pointed at split", _atSplit),
        new("folios re-pointed at merge", _atMerge),
        new("folios re-pointed at mremap", _atMove),
    ];

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
        int folios = DirectFolios.Rename(World, vma.Mm, vma.Start, vma.End, HomeOf(id));
        World.Locks.Take(LockId.Of(named), LockMode.Write, folios);
        return folios;
    }
}
