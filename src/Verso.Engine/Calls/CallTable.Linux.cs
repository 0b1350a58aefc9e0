using static Verso.Engine.Calls.ArgumentKind;

namespace Verso.Engine.Calls;

// The calls of Linux on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl, syscall_32.tbl).
public static partial class CallTable
{
    /// <summary>arch_prctl(ARCH_MAP_VDSO_64).</summary>
    public const ulong MapVdso64 = 0x2003;

    private const ulong PersonalityAsItIs = 0xffff_ffff;

    private static IEnumerable<CallRow> Linux =>
    [
        new(CallKind.Mmap, [Hint, Length, Prot, Map, ArgumentKind.File, Offset], CallBodies.Mmap)
        {
            SystemCalls =
            [
                new("mmap", [9], [90, 192], 0, 1, 2, 3, 4, 5),
                new("io_setup", [206], []) { Readers = CallReaders.Recorder },
                new("map_shadow_stack", [453], [453]) { Readers = CallReaders.Nobody },
            ],
            Returns = CallValue.Address,
        },
        new(CallKind.Munmap, [Address, Length], (m, mm, in c) => m.Munmap(mm, c.Arg0, c.Arg1))
        {
            SystemCalls =
            [
                new("munmap", [11], [91], 0, 1),
                new("io_destroy", [207], [], 0, 1) { Readers = CallReaders.Recorder },
            ],
            Verb = "unmap",
        },
        new(CallKind.Mprotect, [Address, Length, Prot, Key], CallBodies.Mprotect)
        {
            SystemCalls = [new("mprotect", [10], [125], 0, 1, 2), new("pkey_mprotect", [329], [380], 0, 1, 2, 3)],
            Verb = "protect",
        },
        new(CallKind.Mremap, [Address, Length, NewLength, Remap, Hint], CallBodies.Mremap)
        {
            SystemCalls = [new("mremap", [25], [163], 0, 1, 2, 3, 4)],
            Returns = CallValue.Address,
            Verb = "remap",
        },
        new(CallKind.Madvise, [Address, Length, Madv, Untold],
            (m, mm, in c) => m.Madvise(mm, c.Arg0, c.Arg1, (Advice)c.Arg2))
        {
            SystemCalls =
            [
                new("madvise", [28], [219], 0, 1, 2),
                new("process_madvise", [440], [440]) { Readers = CallReaders.Recorder },
            ],
            Lock = MmapLock.ByArguments,
            Verb = "advise",
        },
        new(CallKind.Brk, [Break], (m, mm, in c) => m.Brk(mm, c.Arg0))
        {
            SystemCalls = [new("brk", [12], [45], 0)],
            Returns = CallValue.Break,
            Verb = "brk",
        },
        new(CallKind.Mlock, [Address, Length, Hex], (m, mm, in c) => m.Mlock(mm, c.Arg0, c.Arg1, (uint)c.Arg2))
        {
            SystemCalls = [new("mlock2", [325], [376], 0, 1, 2), new("mlock", [149], [150], 0, 1)],
            Verb = "lock",
        },
        new(CallKind.Munlock, [Address, Length], (m, mm, in c) => m.Munlock(mm, c.Arg0, c.Arg1))
        {
            SystemCalls = [new("munlock", [150], [151], 0, 1)],
            Verb = "unlock",
        },
        new(CallKind.Mlockall, [Mcl], (m, mm, in c) => m.Mlockall(mm, (LockAll)c.Arg0))
        {
            SystemCalls = [new("mlockall", [151], [152], 0)],
            Verb = "lockall",
        },
        new(CallKind.Munlockall, [], (m, mm, in _) => m.Munlockall(mm))
        {
            SystemCalls = [new("munlockall", [152], [153])],
            Verb = "unlockall",
        },
        new(CallKind.Shmat, [Number, Hint, Hex, Size, ArgumentKind.File], CallBodies.Shmat)
        {
            SystemCalls = [new("shmat", [30], [117, 397], 0, 1, 2)],
            Returns = CallValue.Address,
            Verb = "attach",
        },
        new(CallKind.Shmdt, [Address], (m, mm, in c) => m.Shmdt(mm, c.Arg0))
        {
            SystemCalls = [new("shmdt", [67], [398], 0)],
            Verb = "detach",
        },
        new(CallKind.Mseal, [Address, Length, Hex], (m, mm, in c) => m.Mseal(mm, c.Arg0, c.Arg1, c.Arg2))
        {
            SystemCalls = [new("mseal", [462], [462], 0, 1, 2)],
            Verb = "seal",
        },
        new(CallKind.Prctl, [Number, Hex, Hex, Hex, Hex], CallBodies.Control)
        {
            SystemCalls = [new("prctl", [157], [172], 0, 1, 2, 3, 4)],
            Concerned = first => Enum.IsDefined((MemoryControl)first),
        },
        new(CallKind.Mbind, [Address, Length, Number, Hex, Hex],
            (m, mm, in c) => m.Mbind(mm, c.Arg0, c.Arg1, (int)c.Arg2))
        {
            SystemCalls =
            [
                new("mbind", [237], [274], 0, 1, 2, 3, 5),
                new("set_mempolicy_home_node", [450], [450]) { Readers = CallReaders.Nobody },
            ],
            Verb = "policy",
        },
        new(CallKind.PkeyAlloc, [Number, Number],
            (m, mm, in c) => m.PkeyAlloc(mm, c.Arg0, c.Arg1, (int?)c.Imposed))
        {
            SystemCalls = [new("pkey_alloc", [330], [381], 0, 1)],
            Returns = CallValue.Number,
        },
        new(CallKind.PkeyFree, [Number], (m, mm, in c) => m.PkeyFree(mm, (int)c.Arg0))
        {
            SystemCalls = [new("pkey_free", [331], [382], 0)],
        },
        .. Rare,
    ];

    private static IEnumerable<CallRow> Rare =>
    [
        new(CallKind.UserfaultRegister, [Address, Length, Hex, Context, Hex],
            (m, mm, in c) => m.RegisterUserfault(mm, (int)c.Arg3, c.Arg0, c.Arg1, (UserfaultModes)(uint)c.Arg2))
        {
            SystemCalls = [new("userfault", [16], [54], 0, 1, 2, 3, 4, 5) { Readers = CallReaders.Recorder }],
            Verb = "watch",
        },
        new(CallKind.UserfaultUnregister, [Address, Length, Context],
            (m, mm, in c) => m.UnregisterUserfault(mm, (int)c.Arg2, c.Arg0, c.Arg1))
        {
            Verb = "unwatch",
        },
        new(CallKind.UserfaultFill, [Address, Length, Number, Hex, Context, Length],
            (m, mm, in c) => m.FillUserfault(
                mm, new UserfaultFill((UserfaultAction)(int)c.Arg2, (int)c.Arg4, c.Arg0, c.Arg1, c.Arg3)))
        {
            Lock = MmapLock.None,
        },
        new(CallKind.StackLimit, [Hex], CallBodies.StackLimit)
        {
            SystemCalls = [new("stack_limit", [160, 302], [75, 340], 0) { Readers = CallReaders.Recorder }],
            Lock = MmapLock.None,
        },
        new(CallKind.Personality, [Hex], CallBodies.Personality)
        {
            SystemCalls = [new("personality", [135], [136], 0)],
            Lock = MmapLock.None,
            Returns = CallValue.Number,
            Concerned = first => first != PersonalityAsItIs,
        },
        new(CallKind.RemapFilePages, [Address, Length, Prot, Hex, Hex],
            (m, mm, in c) => m.RemapFilePages(mm, c.Arg0, c.Arg1, c.Arg2, c.Arg3, (MapFlags)(uint)c.Arg4))
        {
            SystemCalls = [new("remap_file_pages", [216], [257], 0, 1, 2, 3, 4)],
        },
        new(CallKind.ArchPrctl, [Hex, Hint], (m, mm, in c) => c.Arg0 == MapVdso64 ? m.MapVdso(mm, c.Arg1) : null)
        {
            SystemCalls = [new("arch_prctl", [158], [384], 0, 1) { Readers = CallReaders.Nobody }],
            Returns = CallValue.Number,
            Verb = "vdso",
            Concerned = first => first == MapVdso64,
        },
    ];
}
