using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    public override RetractOutcome RetractTables(FileId file, ulong pgoff) =>
        TableRetraction.RetractTables(this, file, pgoff);
}

/// <summary>
/// A file range has been collapsed into a huge page: its page tables go, so that faults may map it huge.
/// </summary>
internal static class TableRetraction
{
    private const ulong LeafPages = PageTablePool.EntryCount;

    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.RetractTables"/>.</summary>
        internal RetractOutcome RetractTables(FileId file, ulong pgoff)
        {
            Invariant.Require(pgoff % LeafPages == 0);
            Inode inode = machine.World.Files[file];
            LockId map = inode.Lock;
            machine.World.Locks.Begin(map, LockMode.Read);
            int retracted = 0;
            int refused = 0;
            foreach (VmaId id in inode.Mappings)
            {
                int leaf = machine.FindWholeLeaf(id, pgoff);
                if (leaf == 0)
                {
                    continue;
                }

                if (!machine.Structure.MayRetract(id))
                {
                    refused++;
                    continue;
                }

                Mm mm = machine.Mms[machine.Vmas[id].Mm];
                ulong address = machine.Vmas[id].Start + ((pgoff - machine.Vmas[id].Pgoff) << Page.Shift);
                machine.ZapLeaf(id, new PteRange(leaf, 0, PageTablePool.EntryCount, address), UnmapReason.Reclaim);
                Invariant.Require(machine.Tables[leaf].Live == 0);
                machine.Tables.FreeIfEmpty(mm, leaf);
                retracted++;
            }

            machine.World.Locks.End(map, LockMode.Read, inode.MappingCount);
            return new RetractOutcome(retracted, refused);
        }

        /// <summary>The leaf table that maps just these 512 pages of the file for this VMA, or 0.</summary>
        private int FindWholeLeaf(VmaId id, ulong pgoff)
        {
            ref Vma vma = ref machine.Vmas[id];
            if (pgoff < vma.Pgoff || pgoff + LeafPages > vma.Pgoff + vma.Pages)
            {
                return 0;
            }

            ulong address = vma.Start + ((pgoff - vma.Pgoff) << Page.Shift);
            return address % PageTablePool.LeafBytes == 0 ? machine.Tables.FindLeaf(machine.Mms[vma.Mm], address) : 0;
        }
    }
}
