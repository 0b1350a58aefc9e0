using Verso.Engine.Frames;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.CowContext;

/// <summary>The design's own invariants, checked against every frame, entry and context.</summary>
internal sealed class CowContextAudit(CowContextMap map)
{
    private readonly World _world = map.World;
    private readonly int[] _references = new int[map.Contexts.UsedCount];

    /// <summary>The first violation, or null.</summary>
    public string? Run()
    {
        for (int pfn = 1; pfn < _world.Frames.UsedCount; pfn++)
        {
            Pfn id = new(pfn);
            if (_world.Frames.IsLive(id) && _world.Frames[id].IsAnonymous)
            {
                _references[_world.Frames[id].Mapping]++;
            }
        }

        return _references[0] > 0 ? $"{_references[0]} folios name no context" : AuditEntries() ?? AuditContexts();
    }

    private string? AuditEntries()
    {
        foreach ((MmId mm, ulong address, Pfn frame) in AnonymousEntries.Of(_world))
        {
            if (AuditEntry(mm, address, _world.Frames[frame]) is string violation)
            {
                return $"{mm} 0x{address:x}, {frame}: {violation}";
            }
        }

        return null;
    }

    /// <summary>
    /// A folio names an ancestor of every mm that maps it, exclusive the mm itself; it is at its page offset, and the
    /// table knows the way there.
    /// </summary>
    private string? AuditEntry(MmId mm, ulong address, Frame page)
    {
        int own = map.Contexts.Of(mm);
        Vma vma = _world.Vmas[_world.Mms[mm].Vmas.Lookup(address)];
        long distance = CowContextMap.DistanceOf(vma);
        if (page.Index != vma.AnonPgoffAt(address))
        {
            return $"has index {page.Index:x} where the VMA has {vma.AnonPgoffAt(address):x}";
        }

        if (page.IsExclusive && page.Mapping != own)
        {
            return $"is exclusive here, but names context {page.Mapping}";
        }

        if (map.NamesAncestors && !IsAtOrAbove(page.Mapping, own))
        {
            return $"names context {page.Mapping}, which is not above {own}";
        }

        return distance == 0 || !map.KeepsOffsets || map.Remaps.Covers(own, page.Index, page.Index, distance)
            ? null
            : $"is {distance} pages from its page offset, which the table does not know";
    }

    private bool IsAtOrAbove(int above, int context)
    {
        while (context != 0 && context != above)
        {
            context = map.Contexts[context].Parent;
        }

        return context == above;
    }

    /// <summary>Counts are what is found, links lead there and back, tables are sound.</summary>
    private string? AuditContexts()
    {
        for (int at = 1; at < map.Contexts.UsedCount; at++)
        {
            CowContext node = map.Contexts[at];
            if (node.RefCount == 0)
            {
                continue;
            }

            _references[at] += node.Mm.IsNone ? 0 : 1;
            _references[node.Parent]++;
            int root = node.Parent == 0 ? at : map.Contexts[node.Parent].Root;
            if (node.Root != root || (!node.Mm.IsNone && map.Contexts.Of(node.Mm) != at))
            {
                return $"context {at} has root {node.Root} and {node.Mm}";
            }

            if (!AreChildrenSound(at) || (node.Mm.IsNone && node.Remaps != 0))
            {
                return $"context {at} has children that do not know it, or remaps of an mm that is gone";
            }

            if (map.Remaps.Audit(at) is string violation)
            {
                return violation;
            }
        }

        for (int at = 1; at < map.Contexts.UsedCount; at++)
        {
            if (map.Contexts[at].RefCount != _references[at])
            {
                return $"context {at}: {map.Contexts[at].RefCount} references counted, {_references[at]} found";
            }
        }

        return null;
    }

    private bool AreChildrenSound(int parent)
    {
        int previous = 0;
        for (int at = map.Contexts[parent].FirstChild; at != 0; at = map.Contexts[at].NextSibling)
        {
            if (map.Contexts[at].Parent != parent || map.Contexts[at].PreviousSibling != previous)
            {
                return false;
            }

            previous = at;
        }

        return true;
    }
}
