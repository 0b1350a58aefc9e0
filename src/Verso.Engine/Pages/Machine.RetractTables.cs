using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// A file range has been collapsed into a huge page: its page tables go, so that faults may map it huge.
public sealed partial class Machine<TPages>
{
    private const ulong LeafPages = PageTablePool.EntryCount;

    /// <inheritdoc/>
    public override RetractOutcome RetractTables(FileId file, ulong pgoff)
    {
        Invariant.Require(pgoff % LeafPages == 0);
        Inode inode = World.Files[file];
        LockId map = inode.Lock;
        World.Locks.Begin(map, LockMode.Read);
        int retracted = 0;
        int refused = 0;
        foreach (VmaId id in inode.Mappings)
        {
            int leaf = FindWholeLeaf(id, pgoff);
            if (leaf == 0)
            {
                continue;
            }

            if (!Structure.MayRetract(id))
            {
                refused++;
                continue;
            }

            Mm mm = _mms[_vmas[id].Mm];
            ulong address = _vmas[id].Start + ((pgoff - _vmas[id].Pgoff) << Page.Shift);
            ZapLeaf(id, new PteRange(leaf, 0, PageTablePool.EntryCount, address), UnmapReason.Reclaim);
            Invariant.Require(_tables[leaf].Live == 0);
            _tables.FreeIfEmpty(mm, leaf);
            retracted++;
        }

        World.Locks.End(map, LockMode.Read, inode.MappingCount);
        return new RetractOutcome(retracted, refused);
    }

    /// <summary>The leaf table that maps just these 512 pages of the file for this VMA, or 0.</summary>
    private int FindWholeLeaf(VmaId id, ulong pgoff)
    {
        ref Vma vma = ref _vmas[id];
        if (pgoff < vma.Pgoff || pgoff + LeafPages > vma.Pgoff + vma.Pages)
        {
            return 0;
        }

        ulong address = vma.Start + ((pgoff - vma.Pgoff) << Page.Shift);
        return address % PageTablePool.LeafBytes == 0 ? _tables.FindLeaf(_mms[vma.Mm], address) : 0;
    }
}
