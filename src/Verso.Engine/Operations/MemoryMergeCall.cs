using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>prctl(PR_SET_MEMORY_MERGE) (kernel/sys.c, mm/ksm.c), as far as it concerns VMAs.</summary>
public static class MemoryMergeCall
{
    /// <summary>vma_ksm_compatible is false for these.</summary>
    internal const VmaFlags NeverMergeable =
        VmaFlags.Shared | VmaFlags.MayShare | VmaFlags.Special | VmaFlags.HugeTlb | VmaFlags.Droppable;

    extension(Machine machine)
    {
        /// <summary>
        /// PR_SET_MEMORY_MERGE: every VMA that KSM can work on has VM_MERGEABLE from now on, and so has every new one;
        /// or none has. VMAs change where they are: none is merged or split. Never fails.
        /// </summary>
        public SyscallResult SetMemoryMerge(MmId mmId, MemoryMerge merge)
        {
            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            bool isOn = (mm.Flags & MmFlags.MergeAny) != 0;
            if (isOn == (merge == MemoryMerge.Any))
            {
                return SyscallResult.Ok();
            }

            mm.Flags ^= MmFlags.MergeAny;
            foreach (VmaId id in mm.Vmas.Ids)
            {
                ref Vma vma = ref machine.At(id);
                vma.Flags = merge == MemoryMerge.Any ? MergeableIn(mm, vma.Flags) : vma.Flags & ~VmaFlags.Mergeable;
            }

            return SyscallResult.Ok();
        }

        /// <summary>
        /// The flags that a new range is merged by (can_set_ksm_flags_early). What a driver may still change gets
        /// VM_MERGEABLE afterwards, if it has become a VMA of its own.
        /// </summary>
        internal VmaFlags MergeableBeforeMerge(Mm mm, VmaFlags flags, FileId file)
        {
            bool isEarly = machine.World.Rules.MergeAnyBeforeMerge
                && (file.IsNone || machine.World.Files[file].Kind is not (FileKind.Device or FileKind.Zero));
            return isEarly ? MergeableIn(mm, flags) : flags;
        }
    }

    /// <summary>ksm_vma_flags: the flags of a new VMA of an address space.</summary>
    internal static VmaFlags MergeableIn(Mm mm, VmaFlags flags) =>
        (mm.Flags & MmFlags.MergeAny) != 0 && (flags & NeverMergeable) == 0 ? flags | VmaFlags.Mergeable : flags;
}

/// <summary>What PR_SET_MEMORY_MERGE asks for.</summary>
public enum MemoryMerge
{
    None = 0,
    Any = 1,
}
