using System.Collections.Immutable;

namespace Verso.Lab.Callers;

/// <summary>Which calls the boundaries of an address space come from: the last that began or ended at each.</summary>
/// <param name="table">The frames of the recording.</param>
/// <param name="frames">The innermost frame of that call, by address.</param>
public sealed class BoundaryCallers(CallerTable table, ImmutableDictionary<ulong, int> frames)
{
    /// <summary>Where the call comes from that made a boundary; null if it is not known.</summary>
    public CallSite? At(ulong address) =>
        frames.TryGetValue(address, out int frame) && table.StackOf(frame) is { Count: > 0 } stack
            ? CallSite.Of(stack) : null;

    /// <summary>Where calls come from that made some boundaries, the most frequent first.</summary>
    public IReadOnlyList<CallerCount> Of(IEnumerable<ulong> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        return
        [
            .. addresses.Select(address => frames.GetValueOrDefault(address)).Where(frame => frame != 0)
                .GroupBy(frame => frame).Select(same => (Stack: table.StackOf(same.Key), Count: same.Count()))
                .Where(same => same.Stack.Count > 0)
                .GroupBy(same => CallSite.Of(same.Stack))
                .Select(site => new CallerCount(site.Key, site.Sum(each => each.Count)))
                .OrderByDescending(caller => caller.Boundaries)
                .ThenBy(caller => caller.Site.Functions[0], StringComparer.Ordinal),
        ];
    }
}

/// <summary>How many boundaries come from one place in a program.</summary>
/// <param name="Site">The place.</param>
/// <param name="Boundaries">How many.</param>
public sealed record CallerCount(CallSite Site, int Boundaries);
