using Verso.Engine.Vmas;

namespace Verso.Engine;

// Splitting a VMA (mm/vma.c: __split_vma).
public abstract partial class Machine
{
    /// <summary>A page middle directory entry maps this much; mappings of such lengths are aligned to it.</summary>
    private const ulong HugePageBytes = 2UL << 20;

    /// <summary>Which part of a split VMA is the new object.</summary>
    private enum NewPart
    {
        /// <summary>The part below the address; the old VMA keeps the upper one.</summary>
        Below = 0,
        Above = 1,
    }

    /// <summary>split_vma: refuses at vm.max_map_count.</summary>
    private Errno SplitVma(VmaId id, ulong address, NewPart part) =>
        World.Mms[At(id).Mm].Vmas.Count >= World.Options.MaxMapCount
            ? Errno.ENOMEM
            : SplitVmaUnchecked(id, address, part);

    /// <summary>
    /// __split_vma. EINVAL for what its driver does not let split (may_split), ENOMEM. Requires: the address is inside,
    /// page aligned.
    /// </summary>
    private Errno SplitVmaUnchecked(VmaId id, ulong address, NewPart part)
    {
        Vma fresh = At(id);
        Invariant.Require(fresh.Start < address && address < fresh.End && Page.IsAligned(address));
        if (fresh.IsHardToSplit && (fresh.File.IsNone || fresh.NeverSplit || address % HugePageBytes != 0))
        {
            return Errno.EINVAL;
        }

        if (part == NewPart.Below)
        {
            fresh.End = address;
        }
        else
        {
            fresh.Pgoff = fresh.PgoffAt(address);
            fresh.AnonPgoff = fresh.AnonPgoffAt(address);
            fresh.Start = address;
        }

        VmaId freshId = World.Vmas.Allocate(fresh);
        if (freshId.IsNone)
        {
            return Errno.ENOMEM;
        }

        Errno error = Structure.Split(id, freshId);
        if (error != Errno.None)
        {
            World.Vmas.Free(freshId);
            return error;
        }

        if (part == NewPart.Below)
        {
            CutBelow(id, address);
        }
        else
        {
            CutAbove(id, address);
        }

        LinkVma(freshId);
        return Errno.None;
    }

    /// <summary>What vma_modify says that returned none: memory or the limit, unless the VMA cannot be split.</summary>
    private Errno WhyNotModified(VmaId id, Errno otherwise) =>
        At(id).IsHardToSplit && World.Mms[At(id).Mm].Vmas.Count < World.Options.MaxMapCount
            ? Errno.EINVAL
            : otherwise;
}
