using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// Resource limits (mm/mmap.c may_expand_vm, mm/mlock.c can_do_mlock), and refusals for what the engine does not model.
/// </summary>
public static class LimitChecks
{
    extension(Machine machine)
    {
        /// <summary>Changes the limits of an address space; what is there stays (setrlimit).</summary>
        public void SetLimits(MmId mm, MmLimits limits) => machine.World.Mms[mm].Limits = limits;

        /// <summary>The limits that it has.</summary>
        public MmLimits LimitsOf(MmId mm) => machine.World.Mms[mm].Limits;

        /// <summary>
        /// Whether some page of [address, address + length) is in no VMA; the ends are rounded outwards.
        /// </summary>
        public bool HasHole(MmId mmId, ulong address, ulong length)
        {
            Mm mm = machine.World.Mms[mmId];
            (ulong at, ulong bytes) = MlockCalls.WholePages(address, length);
            ulong end = at + bytes;
            foreach (VmaId id in mm.Vmas.Within(at, end))
            {
                if (machine.At(id).Start > at)
                {
                    return true;
                }

                at = machine.At(id).End;
            }

            return at < end;
        }

        /// <summary>
        /// Whether populating the range may fail in part: memory without access, or of a file, which may end before.
        /// </summary>
        public bool HasGap(MmId mmId, ulong address, ulong length)
        {
            Mm mm = machine.World.Mms[mmId];
            (ulong start, ulong bytes) = MlockCalls.WholePages(address, length);
            foreach (VmaId id in mm.Vmas.Within(start, start + bytes))
            {
                ref Vma vma = ref machine.At(id);
                if ((vma.Flags & VmaFlags.Access) == 0 || !vma.File.IsNone)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>may_expand_vm: whether that many pages more of this kind stay within the limits.</summary>
        internal bool MayExpand(Mm mm, VmaFlags flags, ulong pages)
        {
            if (mm.TotalPages + pages > mm.Limits.AddressSpaceBytes >> Page.Shift)
            {
                return false;
            }

            // A limit of 0 is taken for the hard one: Valgrind sets it.
            return mm.Limits.DataBytes is MmLimits.None or 0 || !IsData(flags)
                || machine.DataPages(mm) + pages <= mm.Limits.DataBytes >> Page.Shift;
        }

        /// <summary>data_vm, counted where a limit asks for it.</summary>
        private ulong DataPages(Mm mm)
        {
            ulong pages = 0;
            foreach (VmaId id in mm.Vmas.Ids)
            {
                pages += IsData(machine.At(id).Flags) ? machine.At(id).Pages : 0;
            }

            return pages;
        }

        /// <summary>
        /// Whether a call on this range ends by itself as the kernel's did, after it has changed something: by a seal
        /// (EPERM), or by a mapping that cannot be split there (EINVAL).
        /// </summary>
        internal bool EndsByItself(Mm mm, ulong start, ulong end)
        {
            if (machine.Refusal is not (Errno.EPERM or Errno.EINVAL))
            {
                return false;
            }

            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                if (machine.Refusal == Errno.EPERM ? machine.IsSealed(id) : machine.At(id).IsHardToSplit)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>How many VMAs more a call needs that changes [address, address + length) alone.</summary>
        public int SplitsAt(MmId mmId, ulong address, ulong length)
        {
            Mm mm = machine.World.Mms[mmId];
            (ulong start, ulong bytes) = MlockCalls.WholePages(address, length);
            return machine.SplitsAt(mm, start) + machine.SplitsAt(mm, start + bytes);
        }

        private int SplitsAt(Mm mm, ulong address)
        {
            VmaId id = mm.Vmas.Lookup(address);
            return !id.IsNone && machine.At(id).Start < address ? 1 : 0;
        }

        /// <summary>Whether the kernel's refusal is this one, and falls here.</summary>
        internal bool Refuses(Errno errno)
        {
            if (machine.Refusal != errno || errno == Errno.None)
            {
                return false;
            }

            machine.WasRefused = true;
            return true;
        }

        /// <summary>The kernel's refusal, if it has not fallen before; else None.</summary>
        internal Errno Refused() => machine.Refuses(machine.Refusal) ? machine.Refusal : Errno.None;
    }

    /// <summary>can_do_mlock: a limit of 0 forbids the call as such.</summary>
    internal static bool MayLockAtAll(Mm mm) => mm.Limits.MemlockBytes != 0;

    /// <summary>is_data_mapping.</summary>
    private static bool IsData(VmaFlags flags) =>
        (flags & (VmaFlags.Write | VmaFlags.Shared | VmaFlags.GrowsDown)) == VmaFlags.Write;
}
