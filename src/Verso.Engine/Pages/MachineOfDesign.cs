using System.Runtime.CompilerServices;
using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>The paths of a machine that touch pages, compiled once a design (docs/decisions/0001).</summary>
/// <remarks>
/// <para>
/// One operation a file. All work on page tables is done leaf by leaf: a range hook of the design, then one loop over a
/// span of entries; only a fault works on a single entry.
/// </para>
/// <para>
/// Order within an operation: what may fail comes first (Prepare, Reserve, tables, frames), then nothing fails any
/// more. So an ENOMEM leaves every count true without undoing anything; fork, which must call a hook that may fail
/// after it has copied a leaf, undoes that leaf.
/// </para>
/// </remarks>
/// <typeparam name="TPages">The page hooks of the reverse map; a struct, so that they are direct calls.</typeparam>
public sealed partial class Machine<TPages> : Machine
    where TPages : struct, IPageHooks<TPages>
{
    private readonly TPages _hooks;
    private readonly FrameTable _frames;
    private readonly PageTablePool _tables;
    private readonly VmaTable _vmas;
    private readonly MmTable _mms;
    private readonly Counters _counters;

    /// <summary>
    /// A machine without any address space. Throws <see cref="ArgumentException"/> on an unknown design option.
    /// </summary>
    /// <param name="options">Its fixed properties.</param>
    /// <param name="hooks">Those of a fresh design, which no other machine uses.</param>
    public Machine(MachineOptions options, TPages hooks)
        : base(new World(options), hooks.Design)
    {
        Invariant.Require(hooks.Design.Facts.Owner == TPages.Owner);
        _hooks = hooks;
        _frames = World.Frames;
        _tables = World.PageTables;
        _vmas = World.Vmas;
        _mms = World.Mms;
        _counters = World.Counters;
    }

    /// <summary>
    /// One entry fewer holds the frame; an anonymous one that no object holds goes with its last entry. Returns whether
    /// it went: the caller counts (<see cref="FrameTable.CountFreed"/>).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool DropEntry(Pfn pfn)
    {
        ref Frame frame = ref _frames[pfn];
        Invariant.Require(frame.MapCount > 0);
        if (--frame.MapCount > 0 || !frame.IsAnonymous)
        {
            return false;
        }

        if ((frame.Flags & (FrameFlags.Held | FrameFlags.SwapCache)) != 0)
        {
            KeepUnmapped(pfn);
            return false;
        }

        TPages.Release(_hooks, pfn);
        _frames.Unlist(pfn);
        return true;
    }

    /// <summary>
    /// The last entry of a page is gone, but an object holds it, or swap entries still refer to the slot that it
    /// caches: then it goes there.
    /// </summary>
    private void KeepUnmapped(Pfn pfn)
    {
        _frames[pfn].Clear(FrameFlags.Exclusive);
        if ((_frames[pfn].Flags & FrameFlags.SwapCache) != 0)
        {
            WriteOut(pfn, World.Swap.SlotOf(pfn));
        }
    }
}
