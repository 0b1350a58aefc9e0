using System.Buffers.Binary;
using System.Text;
using Iced.Intel;
using Verso.Engine;
using static Iced.Intel.AssemblerRegisters;

namespace Verso.Linux.Guests;

/// <summary>
/// The first program of a guest: mounts what Verso needs, runs one command with its standard output in a file, copies
/// that file to the second serial line, says how the command ended, and restarts the machine.
/// </summary>
/// <remarks>
/// <code>
///   0x400000  ELF header, one program header, code
///   0x402000  strings, argv, envp, then a buffer of 4096 bytes
/// </code>
/// Made with Iced as the puppets are: nothing has to be installed for it.
/// </remarks>
internal static class GuestInit
{
    /// <summary>What stands before the wait status, 8 hexadecimal digits, in the last line of the output.</summary>
    internal const string StatusMark = "verso-guest: ended ";

    private const ulong Start = 0x400000;
    private const ulong CodeStart = Start + 64 + 56;
    private const ulong Data = 0x402000;
    private const int BufferBytes = 4096;

    private const int CallRead = 0;
    private const int CallWrite = 1;
    private const int CallOpen = 2;
    private const int CallClose = 3;
    private const int CallSeek = 8;
    private const int CallDup2 = 33;
    private const int CallVfork = 58;
    private const int CallExecve = 59;
    private const int CallExit = 60;
    private const int CallWait4 = 61;
    private const int CallChdir = 80;
    private const int CallMkdir = 83;
    private const int CallMount = 165;
    private const int CallReboot = 169;

    private static readonly (string Type, string Target)[] s_mounts =
    [
        ("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys"), ("bpf", "/sys/fs/bpf"), ("tmpfs", "/tmp"),
        ("tmpfs", "/dev/shm"),
    ];

    /// <summary>The directories that it mounts on; /dev/shm it makes.</summary>
    internal static IReadOnlyList<string> Directories => ["dev", "proc", "sys", "tmp"];

    /// <summary>The program.</summary>
    /// <param name="directory">Where the command is run.</param>
    /// <param name="command">Its words; the first is its path.</param>
    /// <param name="environment">Its environment, as NAME=VALUE.</param>
    internal static byte[] Assemble(
        string directory, IReadOnlyList<string> command, IReadOnlyList<string> environment)
    {
        var data = new DataArea(Data);
        var code = new MemoryStream();
        var assembler = Emit(data, directory, command, data.Place(environment));
        _ = assembler.Assemble(new StreamCodeWriter(code), CodeStart);
        Invariant.Require(code.Length <= (long)(Data - CodeStart));
        var file = new byte[(int)(Data - Start) + data.Bytes.Count];
        WriteHeaders(file);
        code.ToArray().CopyTo(file, (int)(CodeStart - Start));
        data.Bytes.CopyTo(file, (int)(Data - Start));
        return file;
    }

    private static Assembler Emit(
        DataArea data, string directory, IReadOnlyList<string> command, ulong environment)
    {
        var a = new Assembler(64);
        foreach (var (type, target) in s_mounts)
        {
            Call(a, CallMkdir, data.Place(target), 0x1ff);
            a.xor(r8d, r8d);
            a.xor(r10d, r10d);
            Call(a, CallMount, data.Place(type), data.Place(target), data.Place(type));
        }

        var child = a.CreateLabel();
        var wait = a.CreateLabel();
        Call(a, CallChdir, data.Place(directory));
        Call(a, CallOpen, data.Place("/output"), 0x242, 0x180); // O_RDWR | O_CREAT | O_TRUNC
        a.mov(r12, rax);
        Call(a, CallVfork);
        a.test(rax, rax);
        a.jz(child);
        a.mov(r13, rax);

        // The first process is everybody's parent in the end: others than the command may come by.
        var status = data.Place(new byte[8]);
        a.Label(ref wait);
        a.xor(r10d, r10d);
        Call(a, CallWait4, ulong.MaxValue, status, 0);
        a.cmp(rax, r13);
        a.jne(wait);
        EmitReport(a, data, status);

        a.Label(ref child);
        a.mov(rdi, r12);
        a.mov(esi, 1);
        a.mov(eax, CallDup2);
        a.syscall();
        Call(a, CallExecve, data.Place(command[0]), data.Place(command), environment);
        Call(a, CallExit, 127);
        return a;
    }

    /// <summary>Closing the line waits until all of it is sent.</summary>
    private static void EmitReport(Assembler a, DataArea data, ulong status)
    {
        var copy = a.CreateLabel();
        var copied = a.CreateLabel();
        var digit = a.CreateLabel();
        var mark = Encoding.ASCII.GetBytes($"{StatusMark}00000000\n");
        var line = data.Place(mark);
        var digits = line + (ulong)StatusMark.Length;
        var alphabet = data.Place("0123456789abcdef");
        var buffer = data.Place(new byte[BufferBytes]);
        Call(a, CallOpen, data.Place("/dev/ttyS1"), 1);
        a.mov(r14, rax);
        a.mov(rdi, r12);
        Call(a, CallSeek, null, 0, 0);
        a.Label(ref copy);
        a.mov(rdi, r12);
        Call(a, CallRead, null, buffer, BufferBytes);
        a.test(rax, rax);
        a.jle(copied);
        a.mov(rdx, rax);
        a.mov(rdi, r14);
        Call(a, CallWrite, null, buffer, null);
        a.jmp(copy);

        a.Label(ref copied);
        a.mov(rbx, status);
        a.mov(ebx, __dword_ptr[rbx]);
        a.mov(r8, alphabet);
        a.mov(r9, digits + 7);
        a.mov(ecx, 8);
        a.Label(ref digit);
        a.mov(eax, ebx);
        a.and(eax, 15);
        a.mov(al, __byte_ptr[r8 + rax]);
        a.mov(__byte_ptr[r9], al);
        a.shr(ebx, 4);
        a.dec(r9);
        a.dec(ecx);
        a.jnz(digit);
        a.mov(rdi, r14);
        Call(a, CallWrite, null, line, (ulong)mark.Length);
        a.mov(rdi, r14);
        Call(a, CallClose);
        Call(a, CallReboot, 0xfee1dead, 0x28121969, 0x1234567);
    }

    /// <summary>An argument that is null is in its register already.</summary>
    private static void Call(Assembler assembler, int number, params ReadOnlySpan<ulong?> arguments)
    {
        ReadOnlySpan<AssemblerRegister64> registers = [rdi, rsi, rdx];
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is ulong value)
            {
                assembler.mov(registers[i], value);
            }
        }

        assembler.mov(eax, number);
        assembler.syscall();
    }

    private static void WriteHeaders(Span<byte> file)
    {
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt16LittleEndian(file[16..], 2); // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(file[18..], 62); // EM_X86_64
        BinaryPrimitives.WriteUInt32LittleEndian(file[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(file[24..], CodeStart);
        BinaryPrimitives.WriteUInt64LittleEndian(file[32..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file[56..], 1);
        var header = file[64..];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 1); // PT_LOAD
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], 7); // rwx
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], Start);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], Start);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], 0x1000);
    }

    /// <summary>Bytes at known addresses.</summary>
    private sealed class DataArea(ulong start)
    {
        internal List<byte> Bytes { get; } = [];

        internal ulong Place(byte[] bytes)
        {
            Bytes.AddRange(new byte[(8 - (Bytes.Count % 8)) % 8]);
            var address = start + (ulong)Bytes.Count;
            Bytes.AddRange(bytes);
            return address;
        }

        internal ulong Place(string text) => Place([.. Encoding.UTF8.GetBytes(text), 0]);

        /// <summary>Strings, and an array of pointers to them that ends with null.</summary>
        internal ulong Place(IReadOnlyList<string> texts)
        {
            ulong[] pointers = [.. texts.Select(Place), 0];
            return Place([.. pointers.SelectMany(BitConverter.GetBytes)]);
        }
    }
}
