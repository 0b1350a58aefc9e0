using System.Runtime.InteropServices;

namespace Verso.Linux.Interop;

/// <summary>
/// The part of elfutils' libdwfl that unwinds a stack of which a copy was kept, and that names code. Where a function
/// returns a pointer, null is failure.
/// </summary>
internal static unsafe partial class LibDw
{
    internal const string Library = "libdw.so.1";

    /// <summary>Why stacks cannot be unwound here; null: they can.</summary>
    internal static string? Problem => NativeLibrary.TryLoad(Library, out _) ? null
        : $"--stacks needs {Library}, which unwinds them; install it: apt install libdw1";

    /// <summary>What a frame callback returns to be called for the next one.</summary>
    internal const int Continue = 0;

    /// <summary>And to be called no more.</summary>
    internal const int Abort = 1;

    /// <summary>What is known of no file yet; invalid if there is no memory for it.</summary>
    [LibraryImport(Library, EntryPoint = "dwfl_begin")]
    internal static partial DwflHandle Begin(Callbacks* callbacks);

    [LibraryImport(Library, EntryPoint = "dwfl_end")]
    private static partial void End(nint dwfl);

    /// <summary>Begins to report modules besides those that were.</summary>
    [LibraryImport(Library, EntryPoint = "dwfl_report_begin_add")]
    internal static partial void ReportBegin(DwflHandle dwfl);

    [LibraryImport(Library, EntryPoint = "dwfl_report_elf", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ReportElf(
        DwflHandle dwfl,
        string name,
        string path,
        int descriptor,
        ulong start,
        [MarshalAs(UnmanagedType.U1)] bool addVirtualAddress);

    [LibraryImport(Library, EntryPoint = "dwfl_report_end")]
    internal static partial int ReportEnd(DwflHandle dwfl, nint removed, nint argument);

    [LibraryImport(Library, EntryPoint = "dwfl_attach_state")]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool Attach(
        DwflHandle dwfl, nint elf, int process, ThreadCallbacks* callbacks, nint argument);

    [LibraryImport(Library, EntryPoint = "dwfl_thread_state_registers")]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool SetRegisters(nint thread, int first, uint count, ulong* registers);

    [LibraryImport(Library, EntryPoint = "dwfl_getthread_frames")]
    internal static partial int Frames(
        DwflHandle dwfl, int thread, delegate* unmanaged<nint, nint, int> callback, nint argument);

    [LibraryImport(Library, EntryPoint = "dwfl_frame_pc")]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool FrameCounter(nint frame, ulong* counter, byte* isActivation);

    /// <summary>dwfl_module_info: what of it is not null is told. Returns the name.</summary>
    [LibraryImport(Library, EntryPoint = "dwfl_module_info")]
    internal static partial byte* Describe(
        nint module,
        nint* userData,
        ulong* start,
        ulong* end,
        ulong* dwarfBias,
        ulong* symbolBias,
        byte** mainFile,
        byte** debugFile);

    [LibraryImport(Library, EntryPoint = "dwfl_module_addrname")]
    internal static partial byte* Name(nint module, ulong address);

    [LibraryImport(Library, EntryPoint = "dwfl_module_getsrc")]
    internal static partial nint Line(nint module, ulong address);

    /// <summary>The name of the source file.</summary>
    [LibraryImport(Library, EntryPoint = "dwfl_lineinfo")]
    internal static partial byte* LineFile(
        nint line, ulong* address, int* number, int* column, nint time, nint size);

    /// <summary>
    /// Makes callbacks, which are never freed. Debug information beside what is mapped is looked for by build id on
    /// this machine, or nowhere: nothing is asked of the network.
    /// </summary>
    internal static Callbacks* MakeCallbacks(DebugInformation information)
    {
        var library = NativeLibrary.Load(Library);
        var callbacks = (Callbacks*)NativeMemory.AllocZeroed((nuint)sizeof(Callbacks));
        callbacks->FindElf = NativeLibrary.GetExport(library, "dwfl_build_id_find_elf");
        callbacks->FindDebugInfo = NativeLibrary.GetExport(library, "dwfl_build_id_find_debuginfo");
        callbacks->SectionAddress = NativeLibrary.GetExport(library, "dwfl_offline_section_address");
        if (information == DebugInformation.Ignored)
        {
            // A path of no directories.
            var path = (nint*)NativeMemory.AllocZeroed((nuint)sizeof(nint));
            *path = (nint)NativeMemory.AllocZeroed(1);
            callbacks->DebugInfoPath = (nint)path;
        }

        return callbacks;
    }

    /// <summary>Whether debug information is used.</summary>
    internal enum DebugInformation
    {
        Ignored,
        Local,
    }

    /// <summary>A Dwfl: some files, and where they are mapped.</summary>
    internal sealed class DwflHandle : SafeHandle
    {
        public DwflHandle()
            : base(0, ownsHandle: true)
        {
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            End(handle);
            return true;
        }
    }

    /// <summary>Dwfl_Callbacks: where libdwfl looks for what was not reported.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Callbacks
    {
        internal nint FindElf;
        internal nint FindDebugInfo;
        internal nint SectionAddress;
        internal nint DebugInfoPath;
    }

    /// <summary>Dwfl_Thread_Callbacks.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ThreadCallbacks
    {
        internal delegate* unmanaged<nint, nint, nint*, int> NextThread;
        internal delegate* unmanaged<nint, int, nint, nint*, byte> GetThread;
        internal delegate* unmanaged<nint, ulong, ulong*, nint, byte> ReadMemory;
        internal delegate* unmanaged<nint, nint, byte> SetInitialRegisters;
        internal nint Detach;
        internal nint ThreadDetach;
    }
}
