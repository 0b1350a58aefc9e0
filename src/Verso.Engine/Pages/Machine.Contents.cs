using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// Reading and writing bytes as a task does, and looking at one page.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    public override FaultOutcome ReadByte(MmId mm, ulong address, out byte value)
    {
        FaultOutcome outcome = Access(mm, address, FaultAccess.Read);
        value = 0;
        if (outcome == FaultOutcome.Done)
        {
            Pfn frame = Pte.Frame(_tables.Read(_mms[mm], address));
            value = frame.IsNone ? (byte)0 : _frames.Bytes(frame)[(int)(address & ~Page.Mask)];
        }

        return outcome;
    }

    /// <inheritdoc/>
    public override FaultOutcome WriteByte(MmId mm, ulong address, byte value)
    {
        FaultOutcome outcome = Access(mm, address, FaultAccess.Write);
        if (outcome == FaultOutcome.Done)
        {
            Mm space = _mms[mm];
            Pfn frame = Pte.Frame(_tables.Read(space, address));
            _frames.Bytes(frame)[(int)(address & ~Page.Mask)] = value;
            Dirty(PageTablePool.OnePage(_tables.FindLeaf(space, address), address));
        }

        return outcome;
    }

    /// <inheritdoc/>
    public override PageView PageAt(MmId mm, ulong address)
    {
        ulong pte = _tables.Read(_mms[mm], address);
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
        Frames.Frame frame = _frames[pfn];
        return new PageView(
            PagePresence.Present, pfn, frame.IsAnonymous, frame.MapCount, frame.IsExclusive, Pte.IsWritable(pte));
    }

    /// <inheritdoc/>
    public override PageView SeenAt(MmId mm, ulong address)
    {
        PageView view = PageAt(mm, address);
        VmaId id = Lookup(_mms[mm], address);
        bool asks = TPages.Owner == PageOwner.Object && view.Presence == PagePresence.Empty
            && !id.IsNone && !_vmas[id].IsShared;
        FoundPage held = asks ? TPages.Find(_hooks, id, address) : default;
        return held.Slot != 0
            ? view with { Presence = PagePresence.Swapped, Slot = held.Slot }
            : held.Frame.IsNone
            ? view
            : new PageView(PagePresence.Held, held.Frame, true, _frames[held.Frame].MapCount, false, false);
    }

    /// <summary>An access by a task: the entry allows it, or it faults, growing a stack if need be.</summary>
    private FaultOutcome Access(MmId mm, ulong address, FaultAccess access)
    {
        Invariant.Require(_frames.HasContents);
        Mm space = _mms[mm];
        return Lookup(space, address).IsNone ? Fault(mm, address, access) : Touch(space, address, access);
    }
}
