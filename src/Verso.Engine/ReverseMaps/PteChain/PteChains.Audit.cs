using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PteChain;

// The design's own invariants.
internal sealed partial class PteChains
{
    /// <summary>
    /// Every pointer leads to an entry that maps the frame; there are MapCount of them, in well-formed chains.
    /// </summary>
    public string? Audit()
    {
        int blocks = _spareCount;
        HashSet<int> seen = [];
        for (int pfn = 1; pfn < _frames.UsedCount; pfn++)
        {
            Pfn frame = new(pfn);
            if (!_frames.IsLive(frame) || !IsTracked(_frames[frame]))
            {
                continue;
            }

            int count = 0;
            string? violation = AuditChain(frame, seen, ref count, ref blocks);
            if (violation is not null)
            {
                return $"{frame}: {violation}";
            }

            if (count != _frames[frame].MapCount)
            {
                return $"{frame}: {count} PTE pointers, map count {_frames[frame].MapCount}";
            }
        }

        return blocks == _blocks.LiveCount ? null : $"{_blocks.LiveCount} pte_chains live, {blocks} of them reachable";
    }

    private string? AuditChain(Pfn frame, HashSet<int> seen, ref int count, ref int blocks)
    {
        int head = HeadOf(ref _frames[frame], frame);
        if (head > 0)
        {
            count = 1;
            return AuditPointer(frame, head, seen);
        }

        for (int block = -head; block != 0; block = _blocks[block].Next)
        {
            blocks++;
            if (block != -head && !_blocks[block].IsFull)
            {
                return $"block {block} is partly used, but not the first of its chain";
            }

            foreach (int pointer in _blocks[block].Pointers())
            {
                count++;
                string? violation = AuditPointer(frame, pointer, seen);
                if (violation is not null)
                {
                    return violation;
                }
            }
        }

        return head < 0 && count < 2 ? $"a chain of {count}" : null;
    }

    private string? AuditPointer(Pfn frame, int pointer, HashSet<int> seen)
    {
        PageTablePool tables = _world.PageTables;
        int table = PtePointer.TableOf(pointer);
        if (table >= tables.UsedCount || !tables[table].IsLeaf)
        {
            return $"pointer {pointer} leads to no leaf table";
        }

        ulong pte = tables.Entry(table, PtePointer.SlotOf(pointer));
        if (!Pte.HasFrame(pte) || Pte.Frame(pte) != frame)
        {
            return $"pointer {pointer} leads to entry 0x{pte:x}";
        }

        return seen.Add(pointer) ? null : $"pointer {pointer} is there twice";
    }
}
