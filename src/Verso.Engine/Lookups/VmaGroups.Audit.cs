using Verso.Engine.Frames;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Lookups;

// The check of objects and VMAs against each other, and of pages against both.
internal sealed partial class VmaGroups
{
    /// <summary>What a page says of itself where a VMA maps it; what is wrong with that as text, or null.</summary>
    public delegate string? PageCheck(VmaId vma, in Frame frame);

    /// <summary>The first broken invariant as text, or null. Costs a pass over everything.</summary>
    public string? Audit(PageCheck check) => AuditGroups() ?? AuditPages(check);

    private string? AuditGroups()
    {
        List<VmaId> members = [];
        int linked = 0;
        for (int group = 1; group < _groups.UsedCount; group++)
        {
            members.Clear();
            string? broken = lookup.Audit(_groups[group].Root, members);
            if (broken is not null)
            {
                return $"object {group}: {broken}";
            }

            linked += members.Count;
            if (members.Count != _groups[group].Count)
            {
                return $"object {group}: {_groups[group].Count} VMAs counted, {members.Count} in its set";
            }

            foreach (VmaId vma in members)
            {
                if (this[vma] != group || world.Vmas[vma].Mm.IsNone)
                {
                    return $"object {group}: its set has {vma}, which is free or has object {this[vma]}";
                }
            }
        }

        int having = _groupOf.Rows.Count(group => group != 0);
        return having == linked ? null : $"{having} VMAs have an object, {linked} are in a set";
    }

    /// <summary>Every anonymous page that is mapped has the index of its place and suits the VMA there.</summary>
    private string? AuditPages(PageCheck check)
    {
        foreach ((MmId mm, ulong address, Pfn pfn) in AnonymousEntries.Of(world))
        {
            VmaId vma = world.Mms[mm].Vmas.Lookup(address);
            Frame frame = world.Frames[pfn];
            string? broken = frame.Index == world.Vmas[vma].AnonPgoffAt(address)
                ? check(vma, frame)
                : $"has index {frame.Index}, not {world.Vmas[vma].AnonPgoffAt(address)}";
            if (broken is not null)
            {
                return $"{pfn} in {vma} at 0x{address:x} {broken}";
            }
        }

        return null;
    }
}
