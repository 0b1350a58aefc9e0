using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>fork's copying of page tables: copy_page_range, copy_present_ptes.</summary>
internal static class PageCopying
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.CopyRange"/>.</summary>
        internal Errno CopyRange(VmaId parent, VmaId child, ForkCopy copy)
        {
            Mm source = machine.Mms[machine.Vmas[parent].Mm];
            Mm target = machine.Mms[machine.Vmas[child].Mm];
            Invariant.Require(machine.Vmas[parent].Start == machine.Vmas[child].Start);
            ulong address = machine.Vmas[parent].Start;
            ulong end = machine.Vmas[parent].End;
            while (machine.Tables.TryNextRange(source, ref address, end, out PteRange range))
            {
                if (machine.Tables.Entries(range).IndexOfAnyExcept(0UL) < 0)
                {
                    continue;
                }

                Errno errno = copy == ForkCopy.Entries
                    ? machine.CopyLeaf(parent, child, target, range)
                    : machine.CopyMarkers(parent, target, range, copy);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }

            return Errno.None;
        }

        /// <remarks>
        /// Copy-on-write begins here: entries of a private mapping lose the right to write in both page tables, and
        /// pages stop being exclusive, so that the parent's next write faults too.
        /// </remarks>
        private Errno CopyLeaf(VmaId parent, VmaId child, Mm childMm, in PteRange source)
        {
            int leaf = machine.Tables.EnsureLeaf(childMm, source.Address);
            if (leaf == 0)
            {
                return Errno.ENOMEM;
            }

            PteRange target = source with { Table = leaf };
            Span<ulong> from = machine.Tables.Entries(source);
            Span<ulong> to = machine.Tables.Entries(target);
            Invariant.Require(to.IndexOfAnyExcept(0UL) < 0);
            CopyTally tally = machine.Vmas[parent].IsShared
                ? machine.CopyShared(from, to)
                : machine.CopyPrivate(from, to);
            machine.Tables.AddLive(target.Table, tally.Live);
            machine.Counters.PtesCopied += tally.Present;
            machine.Counters.PtesWriteProtected += tally.Protected;
            Errno errno = TPages.Copied(machine.Hooks, parent, child, source, target);
            if (errno != Errno.None)
            {
                machine.UndoCopy(target);
            }

            return errno;
        }

        /// <summary>
        /// Guard markers only. Where the object is shared instead of the entries, the parent's private ones lose the
        /// right to write and their pages stop being exclusive.
        /// </summary>
        private Errno CopyMarkers(VmaId parent, Mm childMm, in PteRange source, ForkCopy copy)
        {
            Span<ulong> entries = machine.Tables.Entries(source);
            for (int i = 0; i < entries.Length; i++)
            {
                if (Pte.IsGuard(entries[i]))
                {
                    ulong address = source.AddressOf(source.First + i);
                    int leaf = machine.Tables.EnsureLeaf(childMm, address);
                    if (leaf == 0)
                    {
                        return Errno.ENOMEM;
                    }

                    machine.Tables.Put(leaf, PageTablePool.SlotOf(address), Pte.Guard);
                    entries = machine.Tables.Entries(source);
                }
            }

            if (copy == ForkCopy.Share && !machine.Vmas[parent].IsShared)
            {
                machine.ShareLeaf(entries);
            }

            return Errno.None;
        }

        private void ShareLeaf(Span<ulong> entries)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                if (Pte.HasFrame(entries[i]))
                {
                    machine.Frames[Pte.Frame(entries[i])].Clear(FrameFlags.Exclusive);
                    machine.Counters.PtesWriteProtected += Pte.IsWritable(entries[i]) ? 1 : 0;
                    entries[i] &= ~Pte.Write;
                }
            }
        }

        private CopyTally CopyPrivate(Span<ulong> from, Span<ulong> to)
        {
            Span<Frame> frames = machine.Frames.Frames;
            CopyTally tally = default;
            for (int i = 0; i < from.Length && i < to.Length; i++)
            {
                ulong pte = from[i];
                if (pte == 0)
                {
                    continue;
                }

                tally.Live++;
                if (Pte.IsPresent(pte))
                {
                    tally.Present++;
                    if (Pte.HasFrame(pte))
                    {
                        ref Frame frame = ref frames[Pte.Frame(pte).Value];
                        frame.MapCount++;
                        frame.Clear(FrameFlags.Exclusive);
                        if ((pte & Pte.Write) != 0)
                        {
                            pte &= ~Pte.Write;
                            from[i] = pte;
                            tally.Protected++;
                        }
                    }
                }
                else if (Pte.IsSwap(pte))
                {
                    machine.World.Swap.Hold(Pte.Slot(pte));
                    pte &= ~Pte.SwapExclusive;
                    from[i] = pte;
                }

                to[i] = pte;
            }

            return tally;
        }

        /// <summary>A shared mapping stays as it is; the child has dirtied nothing yet.</summary>
        private CopyTally CopyShared(Span<ulong> from, Span<ulong> to)
        {
            CopyTally tally = default;
            for (int i = 0; i < from.Length; i++)
            {
                ulong pte = from[i];
                if (pte == 0)
                {
                    continue;
                }

                tally.Live++;
                tally.Present += Pte.IsPresent(pte) ? 1 : 0;
                if (Pte.HasFrame(pte))
                {
                    machine.Frames[Pte.Frame(pte)].MapCount++;
                }

                to[i] = pte & ~Pte.Dirty;
            }

            return tally;
        }

        /// <summary>Takes the entries of one leaf back; the parent stays write-protected, as in Linux.</summary>
        private void UndoCopy(in PteRange target)
        {
            Span<ulong> entries = machine.Tables.Entries(target);
            int live = 0;
            for (int i = 0; i < entries.Length; i++)
            {
                ulong pte = entries[i];
                if (pte == 0)
                {
                    continue;
                }

                live++;
                if (Pte.HasFrame(pte))
                {
                    // The parent's entry is still there: this is never the last.
                    Invariant.Require(--machine.Frames[Pte.Frame(pte)].MapCount > 0);
                }

                else if (Pte.IsSwap(pte))
                {
                    Invariant.Require(!machine.World.Swap.Release(Pte.Slot(pte)));
                }

                entries[i] = 0;
            }

            machine.Tables.AddLive(target.Table, -live);
        }
    }

    private struct CopyTally
    {
        public int Live;
        public int Present;
        public int Protected;
    }
}
