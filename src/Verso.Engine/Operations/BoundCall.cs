namespace Verso.Engine;

/// <summary>prctl(PR_SET_MM) (kernel/sys.c prctl_set_mm).</summary>
public static class BoundCall
{
    extension(Machine machine)
    {
        /// <summary>
        /// PR_SET_MM: one of the bounds is there from now on. EINVAL: another one, which changes no VMA.
        /// </summary>
        /// <param name="mmId">The address space.</param>
        /// <param name="bound">Which.</param>
        /// <param name="address">Byte address.</param>
        public Errno SetBound(MmId mmId, MmBound bound, ulong address)
        {
            Mm mm = machine.World.Mms[mmId];
            switch (bound)
            {
                case MmBound.StartStack:
                    mm.StartStack = address;
                    return Errno.None;
                case MmBound.StartBrk:
                    mm.StartBrk = address;
                    return Errno.None;
                case MmBound.Brk:
                    mm.Brk = address;
                    return Errno.None;
                default:
                    return Errno.EINVAL;
            }
        }
    }
}

/// <summary>PR_SET_MM_* of the bounds that brk and the stack depend on.</summary>
public enum MmBound : ulong
{
    StartStack = 5,
    StartBrk = 6,
    Brk = 7,
}
