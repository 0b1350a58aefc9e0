using Verso.Engine.Frames;
using Verso.Engine.ReverseMaps.PteChain;

namespace Verso.Engine.ReverseMaps.Anonmm;

/// <summary>The design's own invariants, checked against every frame and every entry.</summary>
internal sealed class AnonmmAudit(AnonmmMap map)
{
    private readonly World _world = map.World;
    private readonly int[] _references = new int[map.Lists.UsedCount];

    /// <summary>The first violation, or null.</summary>
    public string? Run() => AuditFrames() ?? AuditEntries() ?? AuditLists();

    /// <summary>A page names a live anonmm, or has a sound chain.</summary>
    private string? AuditFrames()
    {
        PointerChains.Found found = new();
        for (int pfn = 1; pfn < _world.Frames.UsedCount; pfn++)
        {
            Pfn id = new(pfn);
            if (!_world.Frames.IsLive(id) || !_world.Frames[id].IsAnonymous)
            {
                continue;
            }

            int named = _world.Frames[id].Mapping;
            if (named != 0)
            {
                _references[named]++;
            }
            else if (map.Moved is null)
            {
                return $"{id} names no mm";
            }
            else if (map.Moved.Audit(id, found) is string violation)
            {
                return violation;
            }
        }

        return map.Moved?.AuditBlocks(found);
    }

    /// <summary>A page that names an mm is, wherever it is, at its number, in an mm of that list.</summary>
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

    private string? AuditEntry(MmId mm, ulong address, Frame page)
    {
        if (page.Mapping == 0)
        {
            return null;
        }

        int own = map.Lists.Of(mm);
        if (map.Lists[own].Head != map.Lists[page.Mapping].Head)
        {
            return $"names anonmm {page.Mapping}, which is on another list";
        }

        ulong expected = map.IndexAt(own, address);
        return page.Index != expected && map.NotesMoves ? $"has number {page.Index:x}, expected {expected:x}" : null;
    }

    /// <summary>Every count is what is found; every member leads to its head and back.</summary>
    private string? AuditLists()
    {
        for (int at = 1; at < map.Lists.UsedCount; at++)
        {
            Anonmm node = map.Lists[at];
            if (node.RefCount == 0)
            {
                continue;
            }

            _references[at] += node.Mm.IsNone ? 0 : 1;
            if (node.Head != at)
            {
                _references[node.Head]++;
            }

            if (map.Lists[node.Next].Previous != at || map.Lists[node.Next].Head != node.Head)
            {
                return $"anonmm {at} is not on its list";
            }

            if (!node.Mm.IsNone && map.Lists.Of(node.Mm) != at)
            {
                return $"anonmm {at} is not that of {node.Mm}";
            }
        }

        for (int at = 1; at < map.Lists.UsedCount; at++)
        {
            if (map.Lists[at].RefCount != _references[at])
            {
                return $"anonmm {at}: {map.Lists[at].RefCount} references counted, {_references[at]} found";
            }
        }

        return null;
    }
}
