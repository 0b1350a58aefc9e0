namespace Verso.Engine.Calls;

/// <summary>
/// What a process may ask of its address space. Each has its row in <see cref="CallTable"/>, which says what the
/// arguments are. Values are part of the trace format and never change meaning; 16 to 47 are calls.
/// </summary>
public enum CallKind : byte
{
    None = 0,
    Mmap = 16,
    Munmap = 17,
    Mprotect = 18,
    Mremap = 19,
    Madvise = 20,
    Brk = 21,
    Mlock = 22,
    Munlock = 23,
    Mlockall = 24,
    Munlockall = 25,
    Shmat = 26,
    Shmdt = 27,
    Mseal = 28,
    Prctl = 29,
    Mbind = 30,
    PkeyAlloc = 31,
    PkeyFree = 32,
    UserfaultRegister = 33,
    UserfaultUnregister = 34,
    UserfaultFill = 35,
    StackLimit = 39,
    Personality = 40,
    RemapFilePages = 41,

    /// <summary>ARCH_MAP_VDSO_64 alone. No recording has it.</summary>
    ArchPrctl = 42,
}

/// <summary>prctl of the kinds that concern memory (include/uapi/linux/prctl.h).</summary>
public enum MemoryControl : ulong
{
    /// <summary>PR_SET_MM: where the parts of a program are taken to be.</summary>
    SetMm = 35,
    SetThpDisable = 41,
    SetMdwe = 65,
    SetMemoryMerge = 67,

    /// <summary>PR_SET_VMA: the name of anonymous memory.</summary>
    SetVma = 0x53564d41,
}
