using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// S2: each walk finds exactly the entries that map the folio.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    /// <remarks>
    /// Compared with a plain scan of all page tables, which no design has a part in. One bit an entry tells which were
    /// found already; an entry maps one frame, so the bits serve all walks. O(entries + candidates).
    /// </remarks>
    public override string? VerifyWalks()
    {
        int[] mapped = CountEntries();
        ulong[] found = new ulong[_tables.UsedCount * PageTablePool.EntryCount / 64];
        for (int pfn = 1; pfn < _frames.UsedCount; pfn++)
        {
            World.Options.Cancellation.ThrowIfCancellationRequested();
            Frame frame = _frames[new Pfn(pfn)];
            if ((frame.Flags & FrameFlags.Allocated) == 0 || mapped[pfn] == 0)
            {
                continue;
            }

            ExactVisitor visitor = new(this, new Pfn(pfn), found);
            WalkFrame(new Pfn(pfn), ref visitor);
            CountWalk(visitor.Counts.Result);
            if (visitor.Violation is not null)
            {
                return visitor.Violation;
            }

            if (visitor.Counts.Result.Useful != mapped[pfn])
            {
                return $"{new Pfn(pfn)}: walk missed {FirstMissed(new Pfn(pfn), found)}; found "
                    + $"{visitor.Counts.Result.Useful} of {mapped[pfn]} entries";
            }
        }

        return null;
    }

    /// <summary>How many present entries hold each frame, by a scan of every leaf table.</summary>
    private int[] CountEntries()
    {
        int[] mapped = new int[_frames.UsedCount];
        for (int table = 1; table < _tables.UsedCount; table++)
        {
            if (_tables[table].IsLeaf)
            {
                foreach (ulong pte in _tables.Entries(table))
                {
                    mapped[Pte.HasFrame(pte) ? Pte.Frame(pte).Value : 0]++;
                }
            }
        }

        return mapped;
    }

    private string FirstMissed(Pfn frame, ulong[] found)
    {
        for (int table = 1; table < _tables.UsedCount; table++)
        {
            if (!_tables[table].IsLeaf)
            {
                continue;
            }

            Span<ulong> entries = _tables.Entries(table);
            for (int slot = 0; slot < entries.Length; slot++)
            {
                int bit = (table * PageTablePool.EntryCount) + slot;
                if (Pte.HasFrame(entries[slot]) && Pte.Frame(entries[slot]) == frame
                    && (found[bit >> 6] & (1UL << (bit & 63))) == 0)
                {
                    return $"{_tables[table].Owner} 0x{_tables[table].Base + ((ulong)slot << Page.Shift):x}";
                }
            }
        }

        return "nothing";
    }

    /// <summary>Counts as <see cref="CountingVisitor"/> does, and notices an entry offered twice.</summary>
    private struct ExactVisitor(Machine<TPages> machine, Pfn frame, ulong[] found) : IWalkVisitor
    {
        public CountingVisitor Counts = new(machine, frame);

        public string? Violation;

        public WalkStep Visit(MmId mm, ulong address)
        {
            WalkStep step = Counts.Visit(mm, address);
            ulong pte = machine.ReadCandidate(mm, address);
            if (Pte.HasFrame(pte) && Pte.Frame(pte) == frame)
            {
                int leaf = machine._tables.FindLeaf(machine._mms[mm], address);
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
