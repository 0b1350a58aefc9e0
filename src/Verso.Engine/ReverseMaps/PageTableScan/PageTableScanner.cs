using System.Numerics;
using System.Runtime.InteropServices;
using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PageTableScan;

/// <summary>Looks through every leaf table of every address space for the entries of frames.</summary>
/// <remarks>
/// Every live entry counts as visited: that is what not knowing costs. The scan compares a vector of entries at a
/// time, so that checking all walks of a machine stays possible.
/// </remarks>
internal static class PageTableScanner
{
    /// <summary>Offers the entries that map the pages, by table and slot; dismisses all the others.</summary>
    public static void Walk<TVisitor>(World world, in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        PageTablePool tables = world.PageTables;
        for (int table = 1; table < tables.UsedCount; table++)
        {
            PageTablePool.Table info = tables[table];
            if (!info.IsLeaf || info.Live == 0)
            {
                continue;
            }

            LockId held = new(LockClass.PageTable, table);
            world.Locks.Begin(held, LockMode.Read);
            int offered = 0;
            WalkStep step = WalkStep.Continue;
            for (ulong page = walk.First; page <= walk.Last && step == WalkStep.Continue; page++)
            {
                step = WalkTable(info, tables.Entries(table), walk.FrameAt(page), page, ref visitor, ref offered);
            }

            visitor.Dismiss(info.Live - offered);
            world.Locks.End(held, LockMode.Read, info.Live);
            if (step == WalkStep.Stop)
            {
                return;
            }
        }
    }

    private static WalkStep WalkTable<TVisitor>(
        in PageTablePool.Table table, ReadOnlySpan<ulong> entries, Pfn frame, ulong index, ref TVisitor visitor,
        ref int offered)
        where TVisitor : struct, IWalkVisitor
    {
        ulong wanted = Pte.Make(frame, 0);
        for (int slot = Find(entries, wanted, 0); slot >= 0; slot = Find(entries, wanted, slot + 1))
        {
            offered++;
            WalkCandidate candidate = new(table.Owner, table.Base + ((ulong)slot << Page.Shift), index);
            if (visitor.Visit(candidate) == WalkStep.Stop)
            {
                return WalkStep.Stop;
            }
        }

        return WalkStep.Continue;
    }

    /// <summary>
    /// The first slot from <paramref name="start"/> on whose entry maps the wanted frame, or waits for it, or -1.
    /// </summary>
    private static int Find(ReadOnlySpan<ulong> entries, ulong wanted, int start)
    {
        ReadOnlySpan<Vector<ulong>> vectors = MemoryMarshal.Cast<ulong, Vector<ulong>>(entries);
        Vector<ulong> mask = new(Pte.IdentityMask);
        Vector<ulong> pattern = new(wanted);
        ulong waiting = Pte.MakeMigration(Pte.Frame(wanted), 0);
        Vector<ulong> waitingMask = new(Pte.MigrationMask);
        Vector<ulong> waitingPattern = new(waiting);
        int width = Vector<ulong>.Count;
        for (int at = start / width; at < vectors.Length; at++)
        {
            if (!Vector.EqualsAny(vectors[at] & mask, pattern)
                && !Vector.EqualsAny(vectors[at] & waitingMask, waitingPattern))
            {
                continue;
            }

            for (int slot = Math.Max(start, at * width); slot < (at + 1) * width; slot++)
            {
                if ((entries[slot] & Pte.IdentityMask) == wanted || (entries[slot] & Pte.MigrationMask) == waiting)
                {
                    return slot;
                }
            }
        }

        return -1;
    }
}
