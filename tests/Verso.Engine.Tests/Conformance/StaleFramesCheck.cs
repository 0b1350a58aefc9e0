using Verso.Engine.Frames;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// S5 of object-owned designs: frames that nobody can see any more are as many as the design says.
/// </summary>
/// <remarks>
/// Once every page has been read, whatever can be seen is mapped: an anonymous frame that no entry maps is stale, or
/// one of those pages that could not be read.
/// </remarks>
internal static class StaleFramesCheck
{
    /// <summary>Text of the difference, or null. Requires: everything has just been read.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="unreadable">Pages of all address spaces that a read could not reach.</param>
    public static string? Compare(Machine machine, int unreadable)
    {
        if (machine.Design.Owner == PageOwner.PageTable)
        {
            return null;
        }

        long stale = machine.Figures.Single(figure => figure.Name == DesignFigure.StaleFrames).Value;
        FrameTable frames = machine.World.Frames;
        int unmapped = 0;
        for (int pfn = 1; pfn < frames.UsedCount; pfn++)
        {
            Pfn id = new(pfn);
            unmapped += frames.IsLive(id) && frames[id].IsAnonymous && frames[id].MapCount == 0 ? 1 : 0;
        }

        return stale <= unmapped && unmapped <= stale + unreadable
            ? null
            : $"{unmapped} anonymous frames are mapped nowhere, {unreadable} pages unreadable; said to be stale: {stale}";
    }
}
