using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>mseal (mm/mseal.c, 6.10).</summary>
public static class MsealCall
{
    extension(Machine machine)
    {
        /// <summary>
        /// mseal: from now on nobody unmaps, moves or protects [address, address + length), or discards what may not be
        /// written there. EINVAL (unaligned, any flag), ENOMEM (a hole: then nothing is sealed; too many VMAs).
        /// </summary>
        /// <param name="mmId">The address space.</param>
        /// <param name="address">First byte address.</param>
        /// <param name="length">Bytes; rounded up to whole pages.</param>
        /// <param name="flags">None is known.</param>
        public SyscallResult Mseal(MmId mmId, ulong address, ulong length, ulong flags = 0)
        {
            ulong end = unchecked(address + Page.AlignUp(length));
            bool overflows = (length != 0 && Page.AlignUp(length) == 0) || end < address;
            if (flags != 0 || !Page.IsAligned(address) || overflows)
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            if (!machine.IsCovered(mm, address, end))
            {
                return Errno.ENOMEM;
            }

            if (machine.Refused() != Errno.None)
            {
                return machine.Refusal;
            }

            while (address < end)
            {
                VmaId id = mm.Vmas.Lookup(address);
                ulong upTo = Math.Min(machine.At(id).End, end);
                if (!machine.IsSealed(id)
                    && machine.ModifyFlags(mm, id, address, upTo, machine.At(id).Flags | VmaFlags.Sealed).IsNone)
                {
                    return machine.WhyNotModified(id, Errno.ENOMEM);
                }

                address = upTo;
            }

            return SyscallResult.Ok();
        }

        /// <summary>can_modify_vma is false.</summary>
        internal bool IsSealed(VmaId id) => (machine.At(id).Flags & VmaFlags.Sealed) != 0;

        /// <summary>Whether part of [start, end) is sealed.</summary>
        internal bool HoldsSeal(Mm mm, ulong start, ulong end)
        {
            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                if (machine.IsSealed(id))
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>
        /// can_madvise_modify is false: a seal keeps what its owner could not have written over anyway. Files are
        /// exempt.
        /// </summary>
        internal bool IsKeptFrom(VmaId id, Advice advice)
        {
            bool discards = advice is Advice.Free or Advice.DontNeed or Advice.DontNeedLocked or Advice.Remove
                or Advice.DontFork or Advice.WipeOnFork or Advice.GuardInstall;
            return discards && machine.IsSealed(id) && machine.IsFilledAnonymously(machine.At(id))
                && (machine.At(id).Flags & VmaFlags.Write) == 0;
        }
    }
}
