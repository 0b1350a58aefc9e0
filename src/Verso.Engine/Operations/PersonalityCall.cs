namespace Verso.Engine;

/// <summary>
/// personality, setrlimit (kernel/exec_domain.c, kernel/sys.c), as far as they concern address spaces.
/// </summary>
public static class PersonalityCall
{
    private const ulong ReadImpliesExecBit = 0x0400000;

    extension(Machine machine)
    {
        /// <summary>
        /// personality: with READ_IMPLIES_EXEC what is mapped or protected to be read from now on can be executed. What
        /// its other bits mean for memory is a matter of the next exec. Threads are taken to have one for all.
        /// </summary>
        /// <param name="mmId">The address space of the task.</param>
        /// <param name="persona">PER_* and its flags.</param>
        public void SetPersonality(MmId mmId, ulong persona)
        {
            Mm mm = machine.World.Mms[mmId];
            mm.Flags = (persona & ReadImpliesExecBit) != 0
                ? mm.Flags | MmFlags.ReadImpliesExec
                : mm.Flags & ~MmFlags.ReadImpliesExec;
        }

        /// <summary>RLIMIT_STACK: how far stacks grow from now on.</summary>
        /// <param name="mmId">The address space of the process.</param>
        /// <param name="bytes">The soft limit; all ones for none.</param>
        public void SetStackLimit(MmId mmId, ulong bytes) => machine.World.Mms[mmId].StackLimitBytes = bytes;
    }
}
