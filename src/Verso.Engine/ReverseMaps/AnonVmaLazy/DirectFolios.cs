using Verso.Engine.Frames;
using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AnonVmaLazy;

/// <summary>
/// Folios that name a VMA instead of an anon_vma: finding them in page tables, and giving them another name.
/// </summary>
/// <remarks>
/// <see cref="Frame.Mapping"/> of a direct folio is the negative handle of its VMA, or of what pins it; of any other
/// the handle of its anon_vma.
/// </remarks>
internal static class DirectFolios
{
    /// <summary>What a folio says that names this VMA.</summary>
    public static int Key(VmaId vma) => -vma.Value;

    public static bool IsDirect(int key) => key < 0;

    /// <summary>The VMA that a direct folio names.</summary>
    public static VmaId VmaOf(int key)
    {
        Invariant.Require(IsDirect(key));
        return new VmaId(-key);
    }

    /// <summary>
    /// The direct folios mapped in [start, end) of an address space are named so from now on. Returns how many.
    /// </summary>
    /// <param name="world">Where.</param>
    /// <param name="pins">What counts the folios of each name, if something does.</param>
    /// <param name="mm">The address space.</param>
    /// <param name="start">In bytes, from here.</param>
    /// <param name="end">To here, exclusive.</param>
    /// <param name="key">The new name.</param>
    public static int Rename(World world, PinnedVmas? pins, MmId mm, ulong start, ulong end, int key)
    {
        Mm space = world.Mms[mm];
        int count = 0;
        while (world.PageTables.TryNextRange(space, ref start, end, out PteRange range))
        {
            count += Rename(world, pins, range, key, Folios.Direct);
        }

        return count;
    }

    /// <summary>The same for these slots, or for all anonymous folios there. Requires: those are mapped once.</summary>
    public static int Rename(World world, PinnedVmas? pins, in PteRange slots, int key, Folios which)
    {
        int count = 0;
        foreach (ulong pte in world.PageTables.Entries(slots))
        {
            if (!Pte.HasFrame(pte))
            {
                continue;
            }

            ref Frame frame = ref world.Frames[Pte.Frame(pte)];
            if (frame.IsAnonymous && frame.Mapping != key && (which == Folios.All || IsDirect(frame.Mapping)))
            {
                Invariant.Require(frame.MapCount == 1);
                pins?.Move(frame.Mapping, key);
                frame.Mapping = key;
                count++;
            }
        }

        return count;
    }
}

/// <summary>Which anonymous folios are meant.</summary>
internal enum Folios
{
    /// <summary>Those that name a VMA.</summary>
    Direct = 0,
    All = 1,
}
