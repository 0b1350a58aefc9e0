using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>First access to a page of anonymous memory: do_anonymous_page.</summary>
internal static class AnonymousFaults
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        internal FaultOutcome AnonymousFault(VmaId id, in PteRange at, FaultAccess access, PrepareOutcome logged)
        {
            if (machine.Vmas[id].IsShared)
            {
                // A shared mapping without a file behind it has nothing to share: VM_FAULT_SIGBUS.
                return FaultOutcome.Bus;
            }

            if (machine.MapsZeroPage(id, access))
            {
                machine.Tables.Put(at.Table, at.First, Pte.ZeroPage);
                machine.Counters.FaultZeroPage++;
                return FaultOutcome.Done;
            }

            if (machine.PrepareVma(id, logged) != Errno.None || machine.MapNewPage(id, at, default).IsNone)
            {
                return FaultOutcome.OutOfMemory;
            }

            machine.Counters.FaultNewPage++;
            return FaultOutcome.Done;
        }

        /// <summary>
        /// Whether a first access that is no write gets the page of zeroes that all share; it stands for those of
        /// special mappings, too.
        /// </summary>
        internal bool MapsZeroPage(VmaId id, FaultAccess access) => access != FaultAccess.Write
            && (machine.World.Options.ZeroPages == ZeroPages.Mapped || machine.Vmas[id].IsSpecialMapping);

        /// <summary>
        /// Puts a new anonymous page, exclusive and dirty, in place of what the entry holds. Returns its frame, or none
        /// if an allocation failed; then the entry is as it was.
        /// </summary>
        /// <param name="id">The VMA. Requires: it is prepared.</param>
        /// <param name="at">The entry.</param>
        /// <param name="source">The frame whose bytes it takes over; none for a page of zeroes.</param>
        internal Pfn MapNewPage(VmaId id, in PteRange at, Pfn source)
        {
            Invariant.Require(machine.Vmas[id].Prepared);
            if (TPages.Reserve(machine.Hooks, id, at, ReserveReason.Instantiate) != Errno.None)
            {
                return default;
            }

            // Where anonymous neighbours always join, offsets may wrap below 0; those designs never read them.
            ulong index = machine.Vmas[id].AnonPgoffAt(at.Address) & Frame.IndexMax;
            Pfn fresh = machine.Frames.Allocate(FrameFlags.Anonymous | FrameFlags.Exclusive, index);
            if (fresh.IsNone)
            {
                return default;
            }

            if (!source.IsNone && machine.Frames.HasContents)
            {
                machine.Frames.Bytes(source).CopyTo(machine.Frames.Bytes(fresh));
            }

            TPages.Instantiate(machine.Hooks, fresh, id, at.Address);
            ulong old = machine.Tables.Entry(at.Table, at.First);
            if (Pte.HasFrame(old))
            {
                TPages.Unmapped(machine.Hooks, id, at, UnmapReason.CopyOnWrite);
            }

            bool writable = (machine.Vmas[id].Flags & VmaFlags.Write) != 0;
            machine.Tables.Put(at.Table, at.First, Pte.Make(fresh, writable ? Pte.Write | Pte.Dirty : Pte.Dirty));
            machine.Frames[fresh].MapCount = 1;
            TPages.Mapped(machine.Hooks, id, at);
            if (Pte.HasFrame(old))
            {
                machine.Frames.CountFreed(machine.DropEntry(Pte.Frame(old)) ? 1 : 0);
            }

            return fresh;
        }
    }
}
