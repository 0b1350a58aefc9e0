using System.Runtime.InteropServices;

namespace Verso.Linux.Puppets.X64;

/// <summary>struct user_regs_struct: what PTRACE_GETREGS fills.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Registers
{
    private const ulong TrapFlag = 0x100;

    internal ulong R15;
    internal ulong R14;
    internal ulong R13;
    internal ulong R12;
    internal ulong Rbp;
    internal ulong Rbx;
    internal ulong R11;
    internal ulong R10;
    internal ulong R9;
    internal ulong R8;
    internal ulong Rax;
    internal ulong Rcx;
    internal ulong Rdx;
    internal ulong Rsi;
    internal ulong Rdi;

    /// <summary>The number of the system call in progress; -1 where there is none to restart.</summary>
    internal ulong SystemCall;

    internal ulong Rip;
    internal ulong CodeSegment;
    internal ulong Flags;
    internal ulong Rsp;
    internal ulong StackSegment;
    internal ulong FsBase;
    internal ulong GsBase;
    internal ulong Ds;
    internal ulong Es;
    internal ulong Fs;
    internal ulong Gs;

    /// <summary>
    /// Whether a system call was interrupted: what the kernel then has in rax before it decides about a restart
    /// (ERESTARTSYS and its kin, include/linux/errno.h), or EINTR.
    /// </summary>
    internal readonly bool Interrupted =>
        (long)SystemCall >= 0 && (long)Rax is -512 or -513 or -514 or -516 or -4;

    /// <summary>Goes on at an address, with no call to restart.</summary>
    internal void GoTo(ulong address)
    {
        Rip = address;
        SystemCall = ulong.MaxValue;
    }

    /// <summary>
    /// Goes on for one instruction, and traps. The trap flag is set here and not by PTRACE_SINGLESTEP, which reads the
    /// instruction beforehand (is_setting_trap_flag) and so makes its page present. Every register points at memory
    /// that may be read and written, so that whatever instruction is there most likely succeeds. As the number of a
    /// system call the address is none.
    /// </summary>
    internal void GoToUnknown(ulong address, ulong harmless)
    {
        GoTo(address);
        Flags |= TrapFlag;
        R15 = R14 = R13 = R12 = Rbp = Rbx = R11 = R10 = R9 = R8 = harmless;
        Rax = Rcx = Rdx = Rsi = Rdi = Rsp = harmless;
    }
}
