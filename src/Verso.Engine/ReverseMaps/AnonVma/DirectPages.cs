using Verso.Engine.Frames;
using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AnonVma;

/// <summary>
/// Pages that point straight to the only VMA that maps them (PG_direct, page->as.vma), from the first write until a
/// fork shares them.
/// </summary>
/// <remarks>
/// <para>
/// What a split, a merge or mremap gives to another VMA must point there from then on. Nothing leads from a VMA to its
/// pages but the page table, so they are looked up there: the price of saving the anon_vma.
/// </para>
/// <para>
/// <code>
///   Frame.Mapping      &lt; 0   direct: minus the VMA          &gt; 0   the anon_vma
/// </code>
/// </para>
/// Invariant: a direct page is mapped once, in the VMA it points to.
/// </remarks>
internal sealed class DirectPages(World world)
{
    private readonly long[] _counts = new long[4];

    /// <summary>By VMA: whether it may have such pages, mapped or in swap.</summary>
    private VmaRows<bool> _mayHave = new(world.Vmas);

    public static bool IsDirect(int mapping) => mapping < 0;

    /// <summary>The VMA of a direct page.</summary>
    public static VmaId VmaOf(int mapping) => new(-mapping);

    /// <summary>A new page (anon_vma_page_link).</summary>
    public void Add(ref Frame page, VmaId vma)
    {
        page.Mapping = -vma.Value;
        Note(vma);
    }

    /// <summary>The VMA is gone, or its pages are.</summary>
    public void Forget(VmaId vma)
    {
        if (MayHave(vma))
        {
            _mayHave[vma] = false;
        }
    }

    /// <summary>
    /// Whether fork will find a page of the VMA that is not an anon_vma's yet: direct, or in swap.
    /// </summary>
    public bool AreIn(VmaId vma)
    {
        if (!MayHave(vma))
        {
            return false;
        }

        ref Vmas.Vma range = ref world.Vmas[vma];
        Mm mm = world.Mms[range.Mm];
        ulong address = range.Start;
        while (world.PageTables.TryNextRange(mm, ref address, world.Vmas[vma].End, out PteRange entries))
        {
            foreach (ulong pte in world.PageTables.Entries(entries))
            {
                if (Pte.IsSwap(pte) || (Pte.HasFrame(pte) && IsDirect(pte)))
                {
                    return true;
                }
            }
        }

        Forget(vma);
        return false;
    }

    /// <summary>fork shares all pages of the VMA: they belong to the anon_vma from now on, for good.</summary>
    public void Share(VmaId vma, int anonVma)
    {
        Vmas.Vma range = world.Vmas[vma];
        _ = Point(range.Mm, range.Start, range.End, anonVma, DirectReason.Fork);
        Forget(vma);
    }

    /// <summary>The direct pages of [start, end), until now one VMA's, become another's.</summary>
    public void Take(VmaId from, VmaId to, ulong start, ulong end, DirectReason reason)
    {
        if (MayHave(from) && Point(world.Vmas[from].Mm, start, end, -to.Value, reason))
        {
            Note(to);
        }
    }

    /// <summary>The same of entries that mremap moves.</summary>
    public void Take(VmaId from, VmaId to, in PteRange entries)
    {
        if (MayHave(from) && from != to && Point(entries, -to.Value, DirectReason.Move))
        {
            Note(to);
        }
    }

    /// <summary>Offers the place of direct pages of one VMA: no list, no lock but the page's.</summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ref Vmas.Vma vma = ref world.Vmas[VmaOf(walk.Key)];
        LockId held = LockId.Of(walk.Frame);
        world.Locks.Begin(held, LockMode.Write);
        if (vma.Mm.IsNone || !walk.Overlaps(vma, vma.AnonPgoff))
        {
            visitor.Dismiss(1);
        }
        else
        {
            _ = visitor.Visit(walk.In(vma, vma.AnonPgoff));
        }

        world.Locks.End(held, LockMode.Write, 1);
    }

    /// <summary>How many pages were pointed elsewhere, by reason.</summary>
    public IReadOnlyList<DesignFigure> Figures() =>
    [
        new("direct pages given to an anon_vma by fork", _counts[(int)DirectReason.Fork]),
        new("direct pages looked up for a split", _counts[(int)DirectReason.Split]),
        new("direct pages looked up for a merge", _counts[(int)DirectReason.Merge]),
        new("direct pages moved by mremap", _counts[(int)DirectReason.Move]),
    ];

    private bool MayHave(VmaId vma) => _mayHave.Of(vma);

    private void Note(VmaId vma) => _mayHave[vma] = true;

    private bool IsDirect(ulong pte)
    {
        ref Frame page = ref world.Frames[Pte.Frame(pte)];
        return page.IsAnonymous && IsDirect(page.Mapping);
    }

    /// <summary>
    /// Points the direct pages of a range elsewhere. Returns whether there was one, or one in swap that will be direct
    /// when it comes back.
    /// </summary>
    private bool Point(MmId owner, ulong start, ulong end, int key, DirectReason reason)
    {
        Mm mm = world.Mms[owner];
        bool found = false;
        ulong address = start;
        while (world.PageTables.TryNextRange(mm, ref address, end, out PteRange entries))
        {
            found |= Point(entries, key, reason);
        }

        return found;
    }

    private bool Point(in PteRange entries, int key, DirectReason reason)
    {
        int count = 0;
        bool found = false;
        PageLocks locks = new(world.Locks);
        foreach (ulong pte in world.PageTables.Entries(entries))
        {
            if (Pte.HasFrame(pte) && IsDirect(pte))
            {
                world.Frames[Pte.Frame(pte)].Mapping = key;
                locks.Take(Pte.Frame(pte), 1);
                count++;
            }

            found |= Pte.IsSwap(pte);
        }

        _counts[(int)reason] += count;
        locks.Count();
        return found || count > 0;
    }
}

/// <summary>Why a direct page is pointed elsewhere.</summary>
internal enum DirectReason
{
    Fork = 0,
    Split = 1,
    Merge = 2,
    Move = 3,
}
