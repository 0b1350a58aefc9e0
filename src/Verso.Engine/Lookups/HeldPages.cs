using Verso.Engine.Frames;

namespace Verso.Engine.ReverseMaps;

/// <summary>
/// The pages that memory objects hold, for designs in which they do. An object has a place for each of its pages,
/// wherever it keeps that: a frame, a swap slot, or neither.
/// </summary>
/// <remarks>
/// Invariant: a frame is held (<see cref="FrameFlags.Held"/>) exactly while it is at a place, and names the object and
/// the page; a swap slot at a place is counted once.
/// </remarks>
internal sealed class HeldPages(World world)
{
    /// <summary>The page of a place is in this frame from now on, new or back from swap.</summary>
    /// <param name="place">The place; a swap slot there is the machine's to release.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="owner">The object, as frames name it.</param>
    /// <param name="page">Which of its pages.</param>
    public void Hold(ref FoundPage place, Pfn frame, int owner, ulong page)
    {
        place = new FoundPage(frame);
        ref Frame held = ref world.Frames[frame];
        held.Mapping = owner;
        held.Index = page;
        held.Set(FrameFlags.Held);
    }

    /// <summary>The page is in a swap slot from now on: the place gives its frame up.</summary>
    public void MoveToSwap(ref FoundPage place, int slot)
    {
        world.Frames[place.Frame].Clear(FrameFlags.Held);
        place = new FoundPage(default, slot);
    }

    /// <summary>
    /// The place lets go of what it has: a frame goes now, or with the last page-table entry that maps it.
    /// </summary>
    public void LetGo(ref FoundPage place)
    {
        if (place.Slot != 0)
        {
            Invariant.Require(world.Swap.Release(place.Slot));
        }
        else if (!place.Frame.IsNone)
        {
            ref Frame frame = ref world.Frames[place.Frame];
            frame.Clear(FrameFlags.Held);
            if (frame.MapCount == 0)
            {
                world.Frames.Free(place.Frame);
            }
        }

        place = default;
    }

    /// <summary>What is wrong with a place of an object as text, or null.</summary>
    public string? Audit(FoundPage place, int owner, ulong page)
    {
        if (place.Slot != 0)
        {
            return world.Swap.IsLive(place.Slot) && world.Swap.CountOf(place.Slot) == 1
                ? null
                : $"swap slot {place.Slot} is not its own";
        }

        if (place.Frame.IsNone)
        {
            return null;
        }

        Frame frame = world.Frames[place.Frame];
        return world.Frames.IsLive(place.Frame) && frame.IsHeld && frame.IsAnonymous
            && frame.Mapping == owner && frame.Index == page
            ? null
            : $"{place.Frame} says it is elsewhere";
    }

    /// <summary>Whether so many places have frames and slots as are held, as text, or null.</summary>
    public string? AuditCounts(int frames, int slots)
    {
        for (int pfn = 1; pfn < world.Frames.UsedCount; pfn++)
        {
            frames -= world.Frames.IsLive(new Pfn(pfn)) && world.Frames[new Pfn(pfn)].IsHeld ? 1 : 0;
        }

        slots -= world.Swap.LiveCount;
        return frames == 0 && slots == 0
            ? null
            : $"places and held frames differ by {frames}, places and swap slots by {slots}";
    }
}
