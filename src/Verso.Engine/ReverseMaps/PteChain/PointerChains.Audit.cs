using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PteChain;

// What holds of every chain; whoever keeps the heads calls this for each of them.
internal sealed partial class PointerChains
{
    /// <summary>What an audit has met so far.</summary>
    internal sealed class Found
    {
        /// <summary>Blocks that are in a chain.</summary>
        public int Blocks { get; set; }

        /// <summary>Pointers that are in a chain.</summary>
        public HashSet<int> Pointers { get; } = [];
    }

    /// <summary>
    /// Every pointer leads to an entry that maps the frame; there are as many as its map count, in a well-formed chain.
    /// </summary>
    public string? Audit(Pfn frame, int head, Found found)
    {
        int before = found.Pointers.Count;
        string? violation = head > 0 ? AuditPointer(frame, head, found) : AuditBlocks(frame, -head, found);
        int count = found.Pointers.Count - before;
        int mapped = world.Frames[frame].MapCount;
        violation ??= head < 0 && count < 2 ? $"a chain of {count}" : null;
        violation ??= count != mapped ? $"{count} PTE pointers, map count {mapped}" : null;
        return violation is null ? null : $"{frame}: {violation}";
    }

    /// <summary>At the end: every block that is counted was met, or is a spare.</summary>
    public string? AuditBlockCount(Found found)
    {
        int reachable = found.Blocks + _spareCount;
        return reachable == _blocks.LiveCount
            ? null
            : $"{_blocks.LiveCount} pte_chains live, {reachable} of them reachable";
    }

    private string? AuditBlocks(Pfn frame, int first, Found found)
    {
        for (int block = first; block != 0; block = _blocks[block].Next)
        {
            found.Blocks++;
            if (block != first && !_blocks[block].IsFull)
            {
                return $"block {block} is partly used, but not the first of its chain";
            }

            foreach (int pointer in _blocks[block].Pointers())
            {
                string? violation = AuditPointer(frame, pointer, found);
                if (violation is not null)
                {
                    return violation;
                }
            }
        }

        return null;
    }

    private string? AuditPointer(Pfn frame, int pointer, Found found)
    {
        int table = PtePointer.TableOf(pointer);
        if (table >= _tables.UsedCount || !_tables[table].IsLeaf)
        {
            return $"pointer {pointer} leads to no leaf table";
        }

        ulong pte = _tables.Entry(table, PtePointer.SlotOf(pointer));
        if (!Pte.HasFrame(pte) || Pte.Frame(pte) != frame)
        {
            return $"pointer {pointer} leads to entry 0x{pte:x}";
        }

        return found.Pointers.Add(pointer) ? null : $"pointer {pointer} is there twice";
    }
}
