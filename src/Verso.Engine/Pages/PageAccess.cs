using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>Reading and writing bytes as a task does, and looking at one page.</summary>
internal static class PageAccess
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.ReadByte"/>.</summary>
        internal FaultOutcome ReadByte(MmId mm, ulong address, out byte value)
        {
            FaultOutcome outcome = machine.Access(mm, address, FaultAccess.Read);
            value = 0;
            if (outcome == FaultOutcome.Done)
            {
                Pfn frame = Pte.Frame(machine.Tables.Read(machine.Mms[mm], address));
                value = frame.IsNone ? (byte)0 : machine.Frames.Bytes(frame)[(int)(address & ~Page.Mask)];
            }

            return outcome;
        }

        /// <summary><see cref="Machine.WriteByte"/>.</summary>
        internal FaultOutcome WriteByte(MmId mm, ulong address, byte value)
        {
            FaultOutcome outcome = machine.Access(mm, address, FaultAccess.Write);
            if (outcome == FaultOutcome.Done)
            {
                Mm space = machine.Mms[mm];
                Pfn frame = Pte.Frame(machine.Tables.Read(space, address));
                machine.Frames.Bytes(frame)[(int)(address & ~Page.Mask)] = value;
                machine.Dirty(PageTablePool.OnePage(machine.Tables.FindLeaf(space, address), address));
            }

            return outcome;
        }

        /// <summary><see cref="Machine.PageAt"/>.</summary>
        internal PageView PageAt(MmId mm, ulong address)
        {
            ulong pte = machine.Tables.Read(machine.Mms[mm], address);
            if (!Pte.HasFrame(pte))
            {
                PagePresence presence = Pte.IsZeroPage(pte) ? PagePresence.ZeroPage
                    : Pte.IsGuard(pte) ? PagePresence.Guard
                    : Pte.IsSwap(pte) ? PagePresence.Swapped
                    : PagePresence.Empty;
                int slot = presence == PagePresence.Swapped ? Pte.Slot(pte) : 0;
                return new PageView(presence, default, false, 0, false, false, slot);
            }

            Pfn pfn = Pte.Frame(pte);
            Frames.Frame frame = machine.Frames[pfn];
            return new PageView(
                PagePresence.Present, pfn, frame.IsAnonymous, frame.MapCount, frame.IsExclusive, Pte.IsWritable(pte));
        }

        /// <summary><see cref="Machine.SeenAt"/>.</summary>
        internal PageView SeenAt(MmId mm, ulong address)
        {
            PageView view = machine.PageAt(mm, address);
            VmaId id = machine.Mms[mm].Vmas.Lookup(address);
            bool asks = TPages.Owner == PageOwner.Object && view.Presence == PagePresence.Empty
                && !id.IsNone && !machine.Vmas[id].IsShared;
            FoundPage held = asks ? TPages.Find(machine.Hooks, id, address) : default;
            return held.Slot != 0
                ? view with { Presence = PagePresence.Swapped, Slot = held.Slot }
                : held.Frame.IsNone
                ? view
                : new PageView(PagePresence.Held, held.Frame, true, machine.Frames[held.Frame].MapCount, false, false);
        }

        /// <summary>An access by a task: the entry allows it, or it faults, growing a stack if need be.</summary>
        private FaultOutcome Access(MmId mm, ulong address, FaultAccess access)
        {
            Invariant.Require(machine.Frames.HasContents);
            Mm space = machine.Mms[mm];
            return space.Vmas.Lookup(address).IsNone
                ? machine.Fault(mm, address, access)
                : machine.Touch(space, address, access);
        }
    }
}
