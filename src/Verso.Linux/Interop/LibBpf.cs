using System.Runtime.InteropServices;

namespace Verso.Linux.Interop;

/// <summary>
/// The part of libbpf 1.x that is needed here. Functions that return pointers set errno on failure.
/// </summary>
internal static unsafe partial class LibBpf
{
    private const string Library = "libbpf.so.1";

    [LibraryImport(Library, EntryPoint = "libbpf_set_print")]
    internal static partial nint SetPrint(nint function);

    [LibraryImport(Library, EntryPoint = "bpf_object__open_mem", SetLastError = true)]
    internal static partial nint ObjectOpen(byte* buffer, nuint size, nint options);

    [LibraryImport(Library, EntryPoint = "bpf_object__load", SetLastError = true)]
    internal static partial int ObjectLoad(nint handle);

    [LibraryImport(Library, EntryPoint = "bpf_object__close")]
    internal static partial void ObjectClose(nint handle);

    [LibraryImport(Library, EntryPoint = "bpf_object__btf")]
    internal static partial nint ObjectBtf(nint handle);

    [LibraryImport(Library, EntryPoint = "bpf_object__next_map")]
    internal static partial nint NextMap(nint handle, nint previous);

    [LibraryImport(Library, EntryPoint = "bpf_object__next_program")]
    internal static partial nint NextProgram(nint handle, nint previous);

    [LibraryImport(Library, EntryPoint = "bpf_map__name")]
    internal static partial byte* MapName(nint map);

    [LibraryImport(Library, EntryPoint = "bpf_map__fd")]
    internal static partial int MapDescriptor(nint map);

    [LibraryImport(Library, EntryPoint = "bpf_map__set_max_entries")]
    internal static partial int MapSetMaxEntries(nint map, uint entries);

    [LibraryImport(Library, EntryPoint = "bpf_map__initial_value")]
    internal static partial byte* MapInitialValue(nint map, nuint* size);

    [LibraryImport(Library, EntryPoint = "bpf_program__name")]
    internal static partial byte* ProgramName(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__set_autoload")]
    internal static partial int ProgramSetAutoload(nint program, [MarshalAs(UnmanagedType.U1)] bool load);

    [LibraryImport(Library, EntryPoint = "bpf_program__autoload")]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool ProgramAutoload(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach", SetLastError = true)]
    internal static partial nint ProgramAttach(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_iter", SetLastError = true)]
    internal static partial nint ProgramAttachIterator(nint program, IteratorOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_link__fd")]
    internal static partial int LinkDescriptor(nint link);

    /// <summary>A descriptor, or a negative number.</summary>
    [LibraryImport(Library, EntryPoint = "bpf_iter_create", SetLastError = true)]
    internal static partial int IteratorCreate(int link);

    [LibraryImport(Library, EntryPoint = "bpf_link__destroy")]
    internal static partial int LinkDestroy(nint link);

    [LibraryImport(Library, EntryPoint = "btf__find_by_name_kind", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int BtfFind(nint btf, string name, uint kind);

    [LibraryImport(Library, EntryPoint = "btf__type_by_id")]
    internal static partial uint* BtfType(nint btf, uint id);

    [LibraryImport(Library, EntryPoint = "btf__name_by_offset")]
    internal static partial byte* BtfName(nint btf, uint offset);

    /// <summary>BTF_KIND_DATASEC.</summary>
    internal const uint KindDataSection = 15;

    /// <summary>struct bpf_iter_attach_opts.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IteratorOptions
    {
        internal nuint Size;
        internal TaskLinkInfo* Info;
        internal uint InfoLength;
    }

    /// <summary>
    /// The task member of union bpf_iter_link_info. With a tid in place of a pid the kernel (6.18) repeats the tail of
    /// an output of more than 32 KiB for ever.
    /// </summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TaskLinkInfo
    {
        internal uint Tid;
        internal uint Pid;
        internal uint PidDescriptor;
    }
}
