using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>S2: each walk finds exactly the entries that map the folio.</summary>
internal static class WalkVerification
{
    /// <summary>The longest walk that is checked, in pages: those of a PMD-mapped folio.</summary>
    private const int LongestWalk = PageTablePool.EntryCount;

    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.VerifyWalks"/>.</summary>
        /// <remarks>
        /// Compared with a plain scan of all page tables, which no design has a part in. Each page alone, then pages
        /// together that follow each other in one object and in memory, as those of a large folio do. One bit an entry
        /// tells which were found already; an entry maps one frame, so the bits serve all walks.
        /// O(entries + candidates).
        /// </remarks>
        internal string? VerifyWalks()
        {
            int[] mapped = machine.CountEntries();
            return machine.VerifyWalks(mapped, 1) ?? machine.VerifyWalks(mapped, LongestWalk);
        }

        /// <summary>How many present entries hold each frame, by a scan of every leaf table.</summary>
        internal int[] CountEntries()
        {
            int[] mapped = new int[machine.Frames.UsedCount];
            for (int table = 1; table < machine.Tables.UsedCount; table++)
            {
                if (machine.Tables[table].IsLeaf)
                {
                    foreach (ulong pte in machine.Tables.Entries(table))
                    {
                        mapped[Pte.HasFrame(pte) ? Pte.Frame(pte).Value : 0]++;
                    }
                }
            }

            return mapped;
        }

        private string? VerifyWalks(int[] mapped, int longest)
        {
            ulong[] found = new ulong[machine.Tables.UsedCount * PageTablePool.EntryCount / 64];
            for (int pfn = 1; pfn < mapped.Length; pfn++)
            {
                machine.World.Options.Cancellation.ThrowIfCancellationRequested();
                if ((machine.Frames[new Pfn(pfn)].Flags & FrameFlags.Allocated) == 0 || mapped[pfn] == 0)
                {
                    continue;
                }

                RmapWalk walk = machine.WalkOf(new Pfn(pfn), WalkPurpose.Verify);
                int entries = mapped[pfn];
                while (walk.Pages < longest && machine.Follows(walk, pfn + 1))
                {
                    pfn++;
                    walk = walk with { Pages = walk.Pages + 1 };
                    entries += mapped[pfn];
                }

                string? violation = walk.Pages == 1 && longest > 1 ? null : machine.Verify(walk, entries, found);
                if (violation is not null)
                {
                    return violation;
                }
            }

            return null;
        }

        /// <summary>Whether the page of this frame comes behind those of the walk in the same object.</summary>
        private bool Follows(in RmapWalk walk, int pfn)
        {
            if (pfn >= machine.Frames.UsedCount)
            {
                return false;
            }

            const FrameFlags Kind = FrameFlags.Allocated | FrameFlags.Anonymous;
            ref Frame page = ref machine.Frames[new Pfn(pfn)];
            return ((page.Flags ^ machine.Frames[walk.Frame].Flags) & Kind) == 0
                && page.Mapping == walk.Key && page.Index == walk.Last + 1;
        }

        private string? Verify(in RmapWalk walk, int entries, ulong[] found)
        {
            Noting<TPages> each = new(machine, found);
            _ = machine.WalkEntries(walk, ref each);
            string pages = walk.Pages == 1 ? $"{walk.Frame}" : $"{walk.Frame} and the {walk.Pages - 1} behind it";
            return each.Twice is not null ? $"{pages}: walk offered {each.Twice} twice"
                : each.Count == entries ? null
                : $"{pages}: walk missed {machine.FirstMissed(walk, found)}; found {each.Count} of {entries} entries";
        }

        private string FirstMissed(in RmapWalk walk, ulong[] found)
        {
            for (int table = 1; table < machine.Tables.UsedCount; table++)
            {
                if (!machine.Tables[table].IsLeaf)
                {
                    continue;
                }

                Span<ulong> entries = machine.Tables.Entries(table);
                for (int slot = 0; slot < entries.Length; slot++)
                {
                    int bit = (table * PageTablePool.EntryCount) + slot;
                    if (walk.IsMappedBy(entries[slot], out _) && (found[bit >> 6] & (1UL << (bit & 63))) == 0)
                    {
                        ulong address = machine.Tables[table].Base + ((ulong)slot << Page.Shift);
                        return $"{machine.Tables[table].Owner} 0x{address:x}";
                    }
                }
            }

            return "nothing";
        }
    }

    /// <summary>Notes the entries found, and the first that was found before.</summary>
    private struct Noting<TPages>(Machine<TPages> machine, ulong[] found) : FrameWalks.IEntryVisitor
        where TPages : struct, IPageHooks<TPages>
    {
        public int Count;

        public string? Twice;

        public void Found(MmId mm, ulong address)
        {
            Count++;
            int leaf = machine.Tables.FindLeaf(machine.Mms[mm], address);
            int bit = (leaf * PageTablePool.EntryCount) + PageTablePool.SlotOf(address);
            if ((found[bit >> 6] & (1UL << (bit & 63))) != 0)
            {
                Twice ??= $"{mm} 0x{address:x}";
            }

            found[bit >> 6] |= 1UL << (bit & 63);
        }
    }
}
