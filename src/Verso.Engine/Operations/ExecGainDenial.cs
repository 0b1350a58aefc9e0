using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>prctl(PR_SET_MDWE) (kernel/sys.c, map_deny_write_exec of include/linux/mman.h).</summary>
public static class ExecGainDenial
{
    private const ulong RefuseExecGain = 1;
    private const ulong NoInherit = 2;

    extension(Machine machine)
    {
        /// <summary>
        /// PR_SET_MDWE: from now on no memory is both written and executed, and none that was not executable becomes
        /// so. EINVAL (unknown bits, PR_MDWE_NO_INHERIT alone), EPERM (it was set otherwise before).
        /// </summary>
        /// <param name="mmId">The address space.</param>
        /// <param name="bits">PR_MDWE_REFUSE_EXEC_GAIN 1, PR_MDWE_NO_INHERIT 2.</param>
        public SyscallResult DenyExecGain(MmId mmId, ulong bits)
        {
            bool unknown = (bits & ~(RefuseExecGain | NoInherit)) != 0;
            if (unknown || bits == NoInherit)
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.World.Mms[mmId];
            const MmFlags Both = MmFlags.DenyExecGain | MmFlags.DenyIsNotInherited;
            MmFlags wanted = (bits & RefuseExecGain) != 0 ? MmFlags.DenyExecGain : MmFlags.None;
            wanted |= (bits & NoInherit) != 0 ? MmFlags.DenyIsNotInherited : MmFlags.None;
            if ((mm.Flags & Both) != 0 && (mm.Flags & Both) != wanted)
            {
                return Errno.EPERM;
            }

            mm.Flags |= wanted;
            return SyscallResult.Ok();
        }
    }

    /// <summary>map_deny_write_exec.</summary>
    internal static bool IsExecGain(Mm mm, VmaFlags old, VmaFlags wanted) =>
        (mm.Flags & MmFlags.DenyExecGain) != 0
        && (wanted & VmaFlags.Exec) != 0
        && ((wanted & VmaFlags.Write) != 0 || (old & VmaFlags.Exec) == 0);
}
