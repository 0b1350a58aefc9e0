using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps;

/// <summary>Every entry that maps an anonymous page, for the audits of designs.</summary>
internal static class AnonymousEntries
{
    /// <summary>By table and slot: the address space, the byte address, and the frame that is mapped there.</summary>
    public static IEnumerable<(MmId Mm, ulong Address, Pfn Frame)> Of(World world)
    {
        PageTablePool tables = world.PageTables;
        for (int table = 1; table < tables.UsedCount; table++)
        {
            for (int slot = 0; tables[table].IsLeaf && slot < PageTablePool.EntryCount; slot++)
            {
                ulong pte = tables.Entry(table, slot);
                if (Pte.HasFrame(pte) && world.Frames[Pte.Frame(pte)].IsAnonymous)
                {
                    ulong address = tables[table].Base + ((ulong)slot << Page.Shift);
                    yield return (tables[table].Owner, address, Pte.Frame(pte));
                }
            }
        }
    }
}
