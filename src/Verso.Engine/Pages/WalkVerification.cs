using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>S2: each walk finds exactly the entries that map the folio.</summary>
internal static class WalkVerification
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.VerifyWalks"/>.</summary>
        /// <remarks>
        /// Compared with a plain scan of all page tables, which no design has a part in. One bit an entry tells which
        /// were found already; an entry maps one frame, so the bits serve all walks. O(entries + candidates).
        /// </remarks>
        internal string? VerifyWalks()
        {
            int[] mapped = machine.CountEntries();
            ulong[] found = new ulong[machine.Tables.UsedCount * PageTablePool.EntryCount / 64];
            for (int pfn = 1; pfn < machine.Frames.UsedCount; pfn++)
            {
                machine.World.Options.Cancellation.ThrowIfCancellationRequested();
                Frame frame = machine.Frames[new Pfn(pfn)];
                if ((frame.Flags & FrameFlags.Allocated) == 0 || mapped[pfn] == 0)
                {
                    continue;
                }

                ExactVisitor<TPages> visitor = new(machine, new Pfn(pfn), found);
                machine.WalkFrame(new Pfn(pfn), ref visitor);
                machine.CountWalk(visitor.Counts.Result);
                if (visitor.Violation is not null)
                {
                    return visitor.Violation;
                }

                if (visitor.Counts.Result.Useful != mapped[pfn])
                {
                    return $"{new Pfn(pfn)}: walk missed {machine.FirstMissed(new Pfn(pfn), found)}; found "
                        + $"{visitor.Counts.Result.Useful} of {mapped[pfn]} entries";
                }
            }

            return null;
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

        private string FirstMissed(Pfn frame, ulong[] found)
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
                    if (Pte.HasFrame(entries[slot]) && Pte.Frame(entries[slot]) == frame
                        && (found[bit >> 6] & (1UL << (bit & 63))) == 0)
                    {
                        ulong address = machine.Tables[table].Base + ((ulong)slot << Page.Shift);
                        return $"{machine.Tables[table].Owner} 0x{address:x}";
                    }
                }
            }

            return "nothing";
        }
    }

    /// <summary>
    /// Counts as <see cref="FrameWalks.CountingVisitor{TPages}"/> does, and notices an entry offered twice.
    /// </summary>
    private struct ExactVisitor<TPages>(Machine<TPages> machine, Pfn frame, ulong[] found) : IWalkVisitor
        where TPages : struct, IPageHooks<TPages>
    {
        public FrameWalks.CountingVisitor<TPages> Counts = new(machine, frame);

        public string? Violation;

        public WalkStep Visit(MmId mm, ulong address)
        {
            WalkStep step = Counts.Visit(mm, address);
            ulong pte = machine.ReadCandidate(mm, address);
            if (Pte.HasFrame(pte) && Pte.Frame(pte) == frame)
            {
                int leaf = machine.Tables.FindLeaf(machine.Mms[mm], address);
                int bit = (leaf * PageTablePool.EntryCount) + PageTablePool.SlotOf(address);
                if ((found[bit >> 6] & (1UL << (bit & 63))) != 0)
                {
                    Violation ??= $"{frame}: walk offered {mm} 0x{address:x} twice";
                }

                found[bit >> 6] |= 1UL << (bit & 63);
            }

            return step;
        }

        public void Dismiss(int count) => Counts.Dismiss(count);
    }
}
