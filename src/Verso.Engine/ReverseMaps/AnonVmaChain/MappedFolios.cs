using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>
/// The anonymous folios that a range of an address space maps, found through its page tables: for policies that re-home
/// them (folio_move_anon_rmap on every page, as UFFDIO_MOVE does).
/// </summary>
internal static class MappedFolios
{
    /// <summary>
    /// Whether some anonymous page of [start, end) may be mapped, or swapped out, elsewhere too. Costs a look at each
    /// entry up to the first that may.
    /// </summary>
    public static bool MayBeShared(World world, MmId mm, ulong start, ulong end)
    {
        Mm space = world.Mms[mm];
        while (world.PageTables.TryNextRange(space, ref start, end, out PteRange range))
        {
            foreach (ulong pte in world.PageTables.Entries(range))
            {
                bool isShared = Pte.IsSwap(pte)
                    ? !Pte.IsSwapExclusive(pte)
                    : Pte.HasFrame(pte) && MayBeShared(world.Frames[Pte.Frame(pte)]);
                if (isShared)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>
    /// The anonymous folios that these slots map get a new home, the first slot's index and those that follow. Returns
    /// how many. Requires: none is shared.
    /// </summary>
    public static int Rehome(World world, in PteRange slots, int mapping, ulong index)
    {
        int count = 0;
        Span<ulong> entries = world.PageTables.Entries(slots);
        for (int i = 0; i < entries.Length; i++)
        {
            if (!Pte.HasFrame(entries[i]))
            {
                continue;
            }

            ref Frame frame = ref world.Frames[Pte.Frame(entries[i])];
            if (frame.IsAnonymous)
            {
                Invariant.Require(!MayBeShared(frame));
                frame.Mapping = mapping;
                frame.Index = index + (ulong)i;
                count++;
            }
        }

        return count;
    }

    /// <summary>
    /// All anonymous folios of [start, end) of a VMA get a new home; their indices are the VMA's. Returns how many.
    /// </summary>
    public static int Rehome(World world, VmaId vma, ulong start, ulong end, int mapping)
    {
        Vma owner = world.Vmas[vma];
        Mm space = world.Mms[owner.Mm];
        int count = 0;
        while (world.PageTables.TryNextRange(space, ref start, end, out PteRange range))
        {
            count += Rehome(world, range, mapping, owner.AnonPgoffAt(range.Address));
        }

        return count;
    }

    /// <summary>An exclusive page is nobody else's; another may be mapped twice, or be in the swap cache too.</summary>
    private static bool MayBeShared(in Frame frame) =>
        frame.IsAnonymous && !frame.IsExclusive
        && (frame.MapCount > 1 || (frame.Flags & FrameFlags.SwapCache) != 0);
}
