using Verso.Engine.Calls;
using Verso.Lab.Scenarios;
using Verso.Traces;

namespace Verso.Lab.Stepping;

/// <summary>
/// Where to read on: the function of Linux 6.18 that does what a step does, without the checks of arguments around it.
/// </summary>
public static class KernelFunctions
{
    /// <summary>Of a step of a scenario; empty for what no kernel does.</summary>
    public static string Of(Op op)
    {
        ArgumentNullException.ThrowIfNull(op);
        return op.Kind switch
        {
            OpKind.Map or OpKind.File => Of(CallKind.Mmap),
            OpKind.Remap => Of(CallKind.Mremap),
            OpKind.Name => "madvise_set_anon_name",
            OpKind.MergeAny => op.Has(OpWords.Off) ? "ksm_disable_merge_any" : "ksm_enable_merge_any",
            OpKind.DenyExec => "prctl_set_mdwe",
            OpKind.FillCopy => "mfill_atomic_copy",
            OpKind.FillZero => "mfill_atomic_zeropage",
            OpKind.FillCache => "mfill_atomic_continue",
            OpKind.FillMove => "move_pages",
            OpKind.Forget => "userfaultfd_release",
            OpKind.Limit => "do_prlimit",
            OpKind.Fork => "dup_mmap",
            OpKind.Share => "copy_mm",
            OpKind.Exit => "exit_mmap",
            OpKind.Exec => "exec_mmap",
            OpKind.Begin => "mm_alloc",
            OpKind.Read or OpKind.Write or OpKind.Run => "handle_mm_fault",
            OpKind.Truncate => "truncate_pagecache",
            OpKind.Punch => "truncate_pagecache_range",
            OpKind.SwapOut => "try_to_unmap",
            OpKind.Migrate => "migrate_pages",
            OpKind.Retract => "retract_page_tables",
            OpKind.Fail => "",
            _ => CallTable.OfVerb(OpText.VerbOf(op.Kind)) is CallRow row ? Of(row.Kind) : "",
        };
    }

    /// <summary>Of an event of a recording; empty where there is none.</summary>
    public static string Of(in TraceEvent e) => e.Kind switch
    {
        TraceEventKind.Fault => "handle_mm_fault",
        TraceEventKind.Prepare => "__anon_vma_prepare",
        TraceEventKind.StackGrow => "expand_downwards",
        TraceEventKind.Populate => "populate_vma_page_range",
        TraceEventKind.Truncate => "truncate_pagecache",
        TraceEventKind.Fallocate => "truncate_pagecache_range",
        TraceEventKind.Fork => "dup_mmap",
        TraceEventKind.Exec => "exec_mmap",
        TraceEventKind.MmExit => "exit_mmap",
        TraceEventKind.UserfaultFork => "dup_userfaultfd",
        TraceEventKind.UserfaultRelease => "userfaultfd_release",
        _ => Of(e.Call),
    };

    private static string Of(CallKind kind) => kind switch
    {
        CallKind.Mmap => "mmap_region",
        CallKind.Munmap => "do_vmi_munmap",
        CallKind.Mprotect => "mprotect_fixup",
        CallKind.Mremap => "do_mremap",
        CallKind.Madvise => "madvise_vma_behavior",
        CallKind.Brk => "do_brk_flags",
        CallKind.Mlock => "apply_vma_lock_flags",
        CallKind.Munlock => "apply_vma_lock_flags",
        CallKind.Mlockall or CallKind.Munlockall => "apply_mlockall_flags",
        CallKind.Shmat => "do_shmat",
        CallKind.Shmdt => "ksys_shmdt",
        CallKind.Mseal => "do_mseal",
        CallKind.Prctl => "sys_prctl",
        CallKind.Mbind => "do_mbind",
        CallKind.PkeyAlloc => "mm_pkey_alloc",
        CallKind.PkeyFree => "mm_pkey_free",
        CallKind.UserfaultRegister => "userfaultfd_register_range",
        CallKind.UserfaultUnregister => "userfaultfd_unregister",
        CallKind.UserfaultFill => "mfill_atomic",
        CallKind.StackLimit => "do_prlimit",
        CallKind.Personality => "sys_personality",
        CallKind.RemapFilePages => "sys_remap_file_pages",
        CallKind.ArchPrctl => "map_vdso",
        _ => "",
    };
}
