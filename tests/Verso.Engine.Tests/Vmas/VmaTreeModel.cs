using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Vmas;

/// <summary>What <see cref="VmaTree"/> is to be: a sorted list, searched from end to end.</summary>
internal sealed class VmaTreeModel
{
    private readonly List<(ulong Start, ulong End, VmaId Id)> _members = [];

    public int Count => _members.Count;

    public IEnumerable<VmaId> Ids => _members.Select(member => member.Id);

    public ulong StartOf(int at) => _members[at].Start;

    public void Insert(ulong start, ulong end, VmaId id)
    {
        int above = _members.FindIndex(member => member.Start > start);
        _members.Insert(above < 0 ? Count : above, (start, end, id));
    }

    public void Remove(ulong start) => _members.RemoveAt(_members.FindIndex(member => member.Start == start));

    public void Resize(int at, ulong start, ulong end) => _members[at] = (start, end, _members[at].Id);

    public bool IsFree(ulong start, ulong end) =>
        !_members.Exists(member => member.Start < end && start < member.End);

    /// <summary>Between which addresses a member may stretch.</summary>
    public (ulong Low, ulong High) RoomAround(int at) =>
        (at == 0 ? 0 : _members[at - 1].End, at + 1 < Count ? _members[at + 1].Start : Page.TaskSize);

    public (VmaId Prev, VmaId Next) Around(ulong address) => (
        _members.LastOrDefault(member => member.Start <= address).Id,
        _members.FirstOrDefault(member => member.Start > address).Id);

    public (VmaId Prev, VmaId Next) Beside(int at) => (
        at > 0 ? _members[at - 1].Id : default, at + 1 < Count ? _members[at + 1].Id : default);

    public VmaId Find(ulong address) => _members.FirstOrDefault(member => member.End > address).Id;

    public VmaId Lookup(ulong address) =>
        _members.FirstOrDefault(member => member.Start <= address && address < member.End).Id;

    public IEnumerable<VmaId> Within(ulong start, ulong end) =>
        _members.Where(member => start < end && member.End > start && member.Start < end).Select(member => member.Id);

    public VmaHole? HighestHole(ulong lowest, ulong highest, ulong length) =>
        Holes(lowest, highest).Where(hole => IsAtLeast(hole, length)).Cast<VmaHole?>().LastOrDefault();

    public VmaHole? LowestHole(ulong lowest, ulong highest, ulong length) =>
        Holes(lowest, highest).Where(hole => IsAtLeast(hole, length)).Cast<VmaHole?>().FirstOrDefault();

    /// <summary>A bound of a member, or right beside one, or any address.</summary>
    public ulong Somewhere(SplitMix64 random)
    {
        if (Count == 0 || random.Below(5) == 0)
        {
            return random.Next() >> (17 + random.Below(30));
        }

        (ulong start, ulong end, _) = _members[random.Below(Count)];
        ulong bound = random.Below(2) == 0 ? start : end;
        return bound == 0 || random.Below(2) == 0 ? bound : bound - 1;
    }

    private IEnumerable<VmaHole> Holes(ulong lowest, ulong highest)
    {
        for (int at = 0; at <= Count; at++)
        {
            ulong low = at == 0 ? 0 : _members[at - 1].End;
            (ulong high, VmaId above) = at == Count ? (ulong.MaxValue, default) : (_members[at].Start, _members[at].Id);
            yield return new VmaHole(Math.Max(low, lowest), Math.Min(high, highest), above);
        }
    }

    private static bool IsAtLeast(VmaHole hole, ulong length) =>
        hole.End > hole.Start && hole.End - hole.Start >= length;
}
