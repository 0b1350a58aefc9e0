using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>Splitting a VMA (mm/vma.c: __split_vma).</summary>
internal static class VmaSplitting
{
    /// <summary>A page middle directory entry maps this much; mappings of such lengths are aligned to it.</summary>
    internal const ulong HugePageBytes = 2UL << 20;

    extension(Machine machine)
    {
        /// <summary>split_vma: refuses at vm.max_map_count.</summary>
        internal Errno SplitVma(VmaId id, ulong address, NewPart part) =>
            machine.World.Mms[machine.At(id).Mm].Vmas.Count >= machine.World.Options.MaxMapCount
                ? Errno.ENOMEM
                : machine.SplitVmaUnchecked(id, address, part);

        /// <summary>
        /// __split_vma. EINVAL for what its driver does not let split (may_split), ENOMEM. Requires: the address is
        /// inside, page aligned.
        /// </summary>
        internal Errno SplitVmaUnchecked(VmaId id, ulong address, NewPart part)
        {
            Vma fresh = machine.At(id);
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

            VmaId freshId = machine.World.Vmas.Allocate(fresh);
            if (freshId.IsNone)
            {
                return Errno.ENOMEM;
            }

            Errno error = machine.Structure.Split(id, freshId);
            if (error != Errno.None)
            {
                machine.World.Vmas.Free(freshId);
                return error;
            }

            if (part == NewPart.Below)
            {
                machine.CutBelow(id, address);
            }
            else
            {
                machine.CutAbove(id, address);
            }

            machine.LinkVma(freshId);
            return Errno.None;
        }

        /// <summary>
        /// What vma_modify says that returned none: memory or the limit, unless the VMA cannot be split.
        /// </summary>
        internal Errno WhyNotModified(VmaId id, Errno otherwise) =>
            machine.At(id).IsHardToSplit
                && machine.World.Mms[machine.At(id).Mm].Vmas.Count < machine.World.Options.MaxMapCount
                ? Errno.EINVAL
                : otherwise;
    }

    /// <summary>Which part of a split VMA is the new object.</summary>
    internal enum NewPart
    {
        /// <summary>The part below the address; the old VMA keeps the upper one.</summary>
        Below = 0,
        Above = 1,
    }
}
