using System.Runtime.InteropServices;
using System.Text;

namespace Verso.Linux.Interop;

/// <summary>A BPF object in the kernel: its maps, its global variables and its attached programs.</summary>
internal sealed unsafe class BpfProgram : IDisposable
{
    private readonly Dictionary<string, nint> _variables = [];
    private readonly List<nint> _links = [];
    private nint _object;
    private byte* _shared;

    private BpfProgram(nint handle) => _object = handle;

    /// <summary>Reads an ELF object. Nothing is in the kernel yet; constants can be set.</summary>
    internal static BpfProgram Open(ReadOnlySpan<byte> elf)
    {
        fixed (byte* bytes = elf)
        {
            var handle = LibBpf.ObjectOpen(bytes, (nuint)elf.Length, 0);
            if (handle == 0)
            {
                throw new BpfUnavailableException(
                    $"libbpf cannot read the BPF object: {Marshal.GetLastPInvokeErrorMessage()}");
            }

            var program = new BpfProgram(handle);
            nuint size;
            program.FindVariables(".rodata", LibBpf.MapInitialValue(program.Map(".rodata"), &size));
            return program;
        }
    }

    /// <summary>Puts it into the kernel. Returns 0 or a positive error number.</summary>
    internal int Load()
    {
        if (LibBpf.ObjectLoad(_object) != 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        _shared = RingReader.MapPages(
            1, Libc.ProtRead | Libc.ProtWrite, LibBpf.MapDescriptor(Map(".bss")), 0);
        FindVariables(".bss", _shared);
        return 0;
    }

    /// <summary>A global variable: before <see cref="Load"/> those of .rodata, after it those of .bss.</summary>
    internal ref T Variable<T>(string name)
        where T : unmanaged => ref *(T*)_variables[name];

    /// <summary>The address of a variable that is an array.</summary>
    internal T* Array<T>(string name)
        where T : unmanaged => (T*)_variables[name];

    /// <summary>A program by its function's name in C.</summary>
    internal nint Program(string name)
    {
        for (var program = Next(0); program != 0; program = Next(program))
        {
            if (Text(LibBpf.ProgramName(program)) == name)
            {
                return program;
            }
        }

        throw new InvalidOperationException($"the BPF object has no program '{name}'");
    }

    internal nint Map(string name)
    {
        for (var map = LibBpf.NextMap(_object, 0); map != 0; map = LibBpf.NextMap(_object, map))
        {
            if (Text(LibBpf.MapName(map)).EndsWith(name, StringComparison.Ordinal))
            {
                return map;
            }
        }

        throw new InvalidOperationException($"the BPF object has no map '{name}'");
    }

    /// <summary>Which of a program's variants is loaded.</summary>
    internal void Select(string suffix, Loading loading)
    {
        for (var program = Next(0); program != 0; program = Next(program))
        {
            if (Text(LibBpf.ProgramName(program)).EndsWith(suffix, StringComparison.Ordinal))
            {
                LibBpf.ProgramSetAutoload(program, loading == Loading.On);
            }
        }
    }

    /// <summary>Attaches every loaded program to its tracepoint.</summary>
    internal void Attach()
    {
        for (var program = Next(0); program != 0; program = Next(program))
        {
            if (!LibBpf.ProgramAutoload(program))
            {
                continue;
            }

            var link = LibBpf.ProgramAttach(program);
            if (link == 0)
            {
                throw new BpfUnavailableException(
                    $"the kernel refuses to attach {Text(LibBpf.ProgramName(program))}: "
                    + Marshal.GetLastPInvokeErrorMessage());
            }

            _links.Add(link);
        }
    }

    internal void Detach()
    {
        foreach (var link in _links)
        {
            _ = LibBpf.LinkDestroy(link);
        }

        _links.Clear();
    }

    public void Dispose()
    {
        Detach();
        if (_shared != null)
        {
            _ = Libc.Munmap((nint)_shared, (nuint)Environment.SystemPageSize);
            _shared = null;
        }

        if (_object != 0)
        {
            LibBpf.ObjectClose(_object);
            _object = 0;
        }
    }

    private nint Next(nint program) => LibBpf.NextProgram(_object, program);

    // A BTF data section is struct btf_type (3 words; the low 16 bits of the second count the variables) and then, per
    // variable, its type, offset and size.
    private void FindVariables(string section, byte* memory)
    {
        var btf = LibBpf.ObjectBtf(_object);
        var id = LibBpf.BtfFind(btf, section, LibBpf.KindDataSection);
        if (memory == null || id < 0)
        {
            throw new InvalidOperationException($"the BPF object has no section '{section}'");
        }

        var type = LibBpf.BtfType(btf, (uint)id);
        var count = type[1] & 0xffff;
        for (var i = 0; i < count; i++)
        {
            var variable = LibBpf.BtfType(btf, type[3 + (3 * i)]);
            _variables[Text(LibBpf.BtfName(btf, variable[0]))] = (nint)(memory + type[3 + (3 * i) + 1]);
        }
    }

    private static string Text(byte* text) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
}

/// <summary>Whether a program goes into the kernel.</summary>
internal enum Loading
{
    Off,
    On,
}
