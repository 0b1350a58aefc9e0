using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaFlags;

/// <summary>Counting the entries of a VMA.</summary>
internal static class MarkedEntries
{
    /// <summary>Its guard markers.</summary>
    public static int CountGuards(World world, VmaId vma) => Count(world, vma, Pte.IsGuard);

    /// <summary>Its present entries.</summary>
    public static int CountPresent(World world, VmaId vma) => Count(world, vma, Pte.IsPresent);

    private static int Count(World world, VmaId id, Func<ulong, bool> counts)
    {
        Vma vma = world.Vmas[id];
        Mm mm = world.Mms[vma.Mm];
        ulong address = vma.Start;
        int count = 0;
        while (world.PageTables.TryNextRange(mm, ref address, vma.End, out PteRange range))
        {
            foreach (ulong pte in world.PageTables.Entries(range))
            {
                count += counts(pte) ? 1 : 0;
            }
        }

        return count;
    }
}
