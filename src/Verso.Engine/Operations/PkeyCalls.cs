using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>Protection keys (mm/mprotect.c pkey_alloc, pkey_free; arch/x86/mm/pkeys.c).</summary>
public static class PkeyCalls
{
    private const int PkeyShift = 32;
    private const int PkeyCount = 16;
    private const ulong PkeyRights = 3;

    extension(Machine machine)
    {
        /// <summary>
        /// pkey_alloc: the lowest free key. EINVAL (unknown flags or rights), ENOSPC (none is free, or the processor
        /// has none). The rights are a register of the thread, which no machine here has.
        /// </summary>
        /// <param name="mmId">The address space.</param>
        /// <param name="flags">0.</param>
        /// <param name="rights">PKEY_DISABLE_ACCESS (1), PKEY_DISABLE_WRITE (2).</param>
        /// <param name="imposed">The key that a kernel gave; null: the machine chooses.</param>
        public SyscallResult PkeyAlloc(MmId mmId, ulong flags, ulong rights, int? imposed = null)
        {
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            if (flags != 0 || (rights & ~PkeyRights) != 0)
            {
                return Errno.EINVAL;
            }

            if (machine.Refused() != Errno.None)
            {
                return machine.Refusal;
            }

            Mm mm = machine.World.Mms[mmId];
            if (imposed is int given && (uint)given < PkeyCount)
            {
                machine.LearnKey(mmId, given);
                return SyscallResult.Ok((ulong)given);
            }

            int key = machine.AllocateKey(mm);
            return key < 0 ? Errno.ENOSPC : SyscallResult.Ok((ulong)key);
        }

        /// <summary>A recording shows that this key is allocated. What is no key is ignored.</summary>
        public void LearnKey(MmId mmId, int key) =>
            machine.World.Mms[mmId].AllocatedKeys |= (uint)key < PkeyCount ? (ushort)(1 << key) : (ushort)0;

        /// <summary>pkey_free. EINVAL (not allocated, or the kernel's own). VMAs keep the key.</summary>
        public SyscallResult PkeyFree(MmId mmId, int key)
        {
            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            if (!HasAllocated(mm, key))
            {
                return Errno.EINVAL;
            }

            if (machine.Refused() != Errno.None)
            {
                return machine.Refusal;
            }

            mm.AllocatedKeys &= (ushort)~(1 << key);
            return SyscallResult.Ok();
        }

        /// <summary>mm_pkey_alloc: -1 if none is free.</summary>
        private int AllocateKey(Mm mm)
        {
            int key = int.TrailingZeroCount(~mm.AllocatedKeys);
            if (machine.World.Options.ProtectionKeys == ProtectionKeys.None || key >= PkeyCount)
            {
                return -1;
            }

            mm.AllocatedKeys |= (ushort)(1 << key);
            return key;
        }

        /// <summary>
        /// execute_only_pkey, as flags of a VMA: the key that no data access passes, allocated when first needed. 0 if
        /// there is none.
        /// </summary>
        internal VmaFlags ExecuteOnlyKey(Mm mm)
        {
            if (mm.ExecuteOnlyKey < 0)
            {
                mm.ExecuteOnlyKey = machine.AllocateKey(mm);
            }

            return mm.ExecuteOnlyKey < 0 ? VmaFlags.None : KeyFlags(mm.ExecuteOnlyKey);
        }

        /// <summary>
        /// __arch_override_mprotect_pkey for mprotect, which names no key: memory keeps its own, unless it becomes
        /// execute-only or was so.
        /// </summary>
        internal VmaFlags KeyAfterMprotect(Mm mm, VmaFlags old, Protection protection)
        {
            VmaFlags kept = old & VmaFlags.Pkey;
            if (protection == Protection.Exec && machine.ExecuteOnlyKey(mm) is var own && own != VmaFlags.None)
            {
                return own;
            }

            return IsExecuteOnly(mm, old) ? VmaFlags.None : kept;
        }
    }

    /// <summary>mm_pkey_is_allocated: the key for execute-only memory is nobody's but the kernel's.</summary>
    internal static bool HasAllocated(Mm mm, int key) =>
        (uint)key < PkeyCount && key != mm.ExecuteOnlyKey && (mm.AllocatedKeys & (1 << key)) != 0;

    /// <summary>vma_is_pkey_exec_only.</summary>
    internal static bool IsExecuteOnly(Mm mm, VmaFlags flags) =>
        mm.ExecuteOnlyKey >= 0
        && (flags & VmaFlags.Access) == VmaFlags.Exec
        && (flags & VmaFlags.Pkey) == KeyFlags(mm.ExecuteOnlyKey);

    internal static VmaFlags KeyFlags(int key) => (VmaFlags)((ulong)key << PkeyShift) & VmaFlags.Pkey;

    /// <summary>
    /// What an image tells of the keys of a process: those of its VMAs are allocated, and that of execute-only memory
    /// is the kernel's.
    /// </summary>
    internal static void LearnKeys(Mm mm, VmaFlags flags)
    {
        int key = (int)((ulong)(flags & VmaFlags.Pkey) >> PkeyShift);
        mm.AllocatedKeys |= (ushort)(1 << key);
        if (key != 0 && (flags & VmaFlags.Access) == VmaFlags.Exec)
        {
            mm.ExecuteOnlyKey = key;
        }
    }
}
