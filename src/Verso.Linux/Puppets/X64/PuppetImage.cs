using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Iced.Intel;
using Verso.Engine;
using static Iced.Intel.AssemblerRegisters;

namespace Verso.Linux.Puppets.X64;

/// <summary>
/// The program that puppets execute: an ELF file of a few hundred bytes for x86-64 Linux.
/// </summary>
/// <remarks>
/// <code>
///  0x10000  ELF header, code, constants   ┐
///  0x11000  the control block             │ one VMA, rwx, MAP_SHARED: the tool maps the same pages
///  0x12000  operands, 16 KiB              │
///  0x16000  end; where the break starts   ┘
/// </code>
/// The kernel maps the file privately, with a stack and a vdso. The entry maps it once more, shared, over itself and
/// unmaps all above, or, with a program, all up to that; a shared mapping has no anon_vma and merges with nothing but a
/// mapping of this same file.
/// Steps take no registers: the tool writes the control block and resumes, the puppet jumps to the entry named there,
/// writes the result and traps. Two ptrace calls less a step than with PTRACE_SETREGS and PTRACE_GETREGS.
/// </remarks>
internal sealed class PuppetImage
{
    internal const ulong Start = 0x10000;
    internal const ulong Block = 0x11000;
    internal const ulong Operands = 0x12000;
    internal const ulong End = 0x16000;
    internal const int OperandBytes = (int)(End - Operands);
    internal const int Bytes = (int)(End - Start);

    /// <summary>The image's own descriptor in every puppet; exec needs it.</summary>
    internal const int Descriptor = 9;


    /// <summary>
    /// Where user addresses end with four levels of page tables; the kernel puts no stack or vdso above.
    /// </summary>
    internal const ulong UserEnd = 0x7ffffffff000;

    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const ulong CodeStart = Start + HeaderBytes + (2 * ProgramHeaderBytes);
    private const int SecondsToBeTraced = 5;
    private const int ParentDeathSignal = 1;

    private readonly byte[] _bytes = new byte[Block - Start];

    private PuppetImage()
    {
    }

    /// <summary>The image; it is the same for every puppet.</summary>
    internal static PuppetImage Shared { get; } = Assemble();

    /// <summary>The first page of the file; the others are zero.</summary>
    internal ReadOnlySpan<byte> FirstPage => _bytes;

    /// <summary>Where an executed image begins.</summary>
    internal ulong Entry { get; private set; }

    /// <summary>Where a puppet waits for its next step: behind its trap.</summary>
    internal ulong Ready { get; private set; }

    /// <summary>Step: the system call in the block.</summary>
    internal ulong Call { get; private set; }

    /// <summary>
    /// Step: the system call in the block, of three arguments, Fifth times, the first argument by Fourth larger each
    /// time; it ends with the first that does not return 0.
    /// </summary>
    internal ulong CallEach { get; private set; }

    /// <summary>Step: loads the byte at First.</summary>
    internal ulong Load { get; private set; }

    /// <summary>Step: stores the lowest byte of Second at First.</summary>
    internal ulong Store { get; private set; }

    /// <summary>The instruction that makes the access.</summary>
    internal ulong LoadAccess { get; private set; }

    /// <inheritdoc cref="LoadAccess"/>
    internal ulong StoreAccess { get; private set; }

    /// <summary>An empty string.</summary>
    internal ulong EmptyPath { get; private set; }

    /// <summary>argv with one empty string, and its end: an envp without any.</summary>
    internal ulong Arguments { get; private set; }

    /// <inheritdoc cref="Arguments"/>
    internal ulong Environment => Arguments + 8;

    private static ulong Field(string name) => Block + (ulong)Marshal.OffsetOf<ControlBlock>(name);

    private static AssemblerMemoryOperand At(string name) => __qword_ptr[Field(name)];

    private static PuppetImage Assemble()
    {
        var image = new PuppetImage();
        var assembler = new Assembler(64);
        var labels = new Labels(assembler);
        EmitEntry(assembler, labels);
        EmitSteps(assembler, labels);
        var code = new MemoryStream();
        var result = assembler.Assemble(
            new StreamCodeWriter(code), CodeStart, BlockEncoderOptions.ReturnNewInstructionOffsets);
        image.Entry = result.GetLabelRIP(labels.Entry);
        image.Ready = result.GetLabelRIP(labels.Ready);
        image.Call = result.GetLabelRIP(labels.Call);
        image.CallEach = result.GetLabelRIP(labels.CallEach);
        image.Load = result.GetLabelRIP(labels.Load);
        image.Store = result.GetLabelRIP(labels.Store);
        image.LoadAccess = result.GetLabelRIP(labels.LoadAccess);
        image.StoreAccess = result.GetLabelRIP(labels.StoreAccess);
        code.ToArray().CopyTo(image._bytes, (int)(CodeStart - Start));
        image.Arguments = (CodeStart + (ulong)code.Length + 7) & ~7ul;
        image.EmptyPath = image.Arguments + 16;
        BinaryPrimitives.WriteUInt64LittleEndian(
            image._bytes.AsSpan((int)(image.Arguments - Start)), image.EmptyPath);
        image.WriteHeaders();
        return image;
    }

    // An image without a tracer dies with its parent, or after five seconds, for a parent that died before that was
    // said.
    private static void EmitEntry(Assembler assembler, Labels labels)
    {
        var wait = assembler.CreateLabel();
        var strip = assembler.CreateLabel();
        var failed = assembler.CreateLabel();
        assembler.Label(ref labels.Entry);
        assembler.cmp(At(nameof(ControlBlock.Traced)), 0);
        assembler.jne(strip);
        EmitCall(assembler, SystemCallNumber.Prctl, ParentDeathSignal, Interop.Libc.SignalKill);
        EmitCall(assembler, SystemCallNumber.Alarm, SecondsToBeTraced);
        assembler.Label(ref wait);
        EmitCall(assembler, SystemCallNumber.Pause);
        assembler.jmp(wait);

        assembler.Label(ref strip);
        assembler.mov(r10d, 0x11); // MAP_SHARED | MAP_FIXED
        assembler.mov(r8d, Descriptor);
        assembler.xor(r9d, r9d);
        EmitCall(assembler, SystemCallNumber.Mmap, (long)Start, Bytes, 7);
        assembler.test(rax, rax);
        assembler.js(failed);
        assembler.mov(edi, (int)End);
        assembler.mov(rsi, At(nameof(ControlBlock.StripBytes)));
        assembler.mov(eax, (int)SystemCallNumber.Munmap);
        assembler.syscall();
        assembler.test(rax, rax);
        assembler.js(failed);
        assembler.jmp(labels.Finish);

        assembler.Label(ref failed);
        assembler.mov(rdi, rax);
        assembler.neg(rdi);
        assembler.mov(eax, (int)SystemCallNumber.ExitGroup);
        assembler.syscall();
    }

    private static void EmitSteps(Assembler assembler, Labels labels)
    {
        assembler.Label(ref labels.Finish);
        assembler.mov(At(nameof(ControlBlock.Result)), rax);
        assembler.mov(At(nameof(ControlBlock.Done)), 1);
        assembler.int3();
        assembler.Label(ref labels.Ready);
        assembler.jmp(At(nameof(ControlBlock.Entry)));

        assembler.Label(ref labels.Call);
        assembler.mov(rax, At(nameof(ControlBlock.Number)));
        assembler.mov(rdi, At(nameof(ControlBlock.First)));
        assembler.mov(rsi, At(nameof(ControlBlock.Second)));
        assembler.mov(rdx, At(nameof(ControlBlock.Third)));
        assembler.mov(r10, At(nameof(ControlBlock.Fourth)));
        assembler.mov(r8, At(nameof(ControlBlock.Fifth)));
        assembler.mov(r9, At(nameof(ControlBlock.Sixth)));
        assembler.syscall();
        assembler.jmp(labels.Finish);

        assembler.Label(ref labels.CallEach);
        assembler.mov(rax, At(nameof(ControlBlock.Number)));
        assembler.mov(rdi, At(nameof(ControlBlock.First)));
        assembler.mov(rsi, At(nameof(ControlBlock.Second)));
        assembler.mov(rdx, At(nameof(ControlBlock.Third)));
        assembler.syscall();
        assembler.test(rax, rax);
        assembler.jne(labels.Finish);
        assembler.mov(rdi, At(nameof(ControlBlock.Fourth)));
        assembler.add(At(nameof(ControlBlock.First)), rdi);
        assembler.dec(At(nameof(ControlBlock.Fifth)));
        assembler.jne(labels.CallEach);
        assembler.jmp(labels.Finish);

        assembler.Label(ref labels.Load);
        assembler.mov(rsi, At(nameof(ControlBlock.First)));
        assembler.Label(ref labels.LoadAccess);
        assembler.movzx(eax, __byte_ptr[rsi]);
        assembler.jmp(labels.Finish);

        assembler.Label(ref labels.Store);
        assembler.mov(rsi, At(nameof(ControlBlock.First)));
        assembler.mov(rcx, At(nameof(ControlBlock.Second)));
        assembler.xor(eax, eax);
        assembler.Label(ref labels.StoreAccess);
        assembler.mov(__byte_ptr[rsi], cl);
        assembler.jmp(labels.Finish);
    }

    private static void EmitCall(Assembler assembler, long number, params ReadOnlySpan<long> arguments)
    {
        ReadOnlySpan<AssemblerRegister64> registers = [rdi, rsi, rdx];
        for (var i = 0; i < arguments.Length; i++)
        {
            assembler.mov(registers[i], arguments[i]);
        }

        assembler.mov(eax, (int)number);
        assembler.syscall();
    }

    /// <summary>
    /// The first page of an image that has segments of a program too, its program headers behind the code.
    /// </summary>
    internal ReadOnlySpan<byte> FirstPageWith(PuppetProgram program)
    {
        const int HeadersAt = (int)(Block - Start) / 2;
        const uint Loaded = 1;
        byte[] page = [.. _bytes];
        var header = page.AsSpan();
        var count = program.Segments.Count + 2;
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], HeadersAt);
        BinaryPrimitives.WriteUInt16LittleEndian(header[56..], (ushort)count);
        var own = _bytes.AsSpan(HeaderBytes, 2 * ProgramHeaderBytes);
        own[..ProgramHeaderBytes].CopyTo(header[HeadersAt..]);
        own[ProgramHeaderBytes..].CopyTo(header[(HeadersAt + ((count - 1) * ProgramHeaderBytes))..]);
        for (var at = 0; at < program.Segments.Count; at++)
        {
            var segment = program.Segments[at];
            var place = header[(HeadersAt + ((at + 1) * ProgramHeaderBytes))..];
            WriteProgramHeader(place, Loaded, ElfFlags(segment.Protection), segment.Address, segment.FileBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(place[8..], segment.Offset);
            BinaryPrimitives.WriteUInt64LittleEndian(place[40..], segment.MemoryBytes);
        }

        return page;
    }

    /// <summary>PF_*: 4 is read, 1 execute.</summary>
    private static uint ElfFlags(Protection protection) =>
        (protection.HasFlag(Protection.Read) ? 4u : 0) | (protection.HasFlag(Protection.Write) ? 2u : 0)
        | (protection.HasFlag(Protection.Exec) ? 1u : 0);

    private void WriteHeaders()
    {
        var header = _bytes.AsSpan();
        "\u007fELF"u8.CopyTo(header);
        header[4] = 2; // ELFCLASS64
        header[5] = 1; // ELFDATA2LSB
        header[6] = 1; // EV_CURRENT
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], 2); // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], 62); // EM_X86_64
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], Entry);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[52..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[54..], ProgramHeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[56..], 2);
        WriteProgramHeader(header[HeaderBytes..], type: 1, flags: 5, Start, Bytes); // PT_LOAD r-x

        // PT_GNU_STACK rw-: older kernels make readable memory executable for a program that does not say.
        WriteProgramHeader(header[(HeaderBytes + ProgramHeaderBytes)..], type: 0x6474e551, flags: 6, 0, 0);
    }

    private static void WriteProgramHeader(Span<byte> header, uint type, uint flags, ulong address, ulong bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], 0x1000);
    }

    private sealed class Labels(Assembler assembler)
    {
        internal Label Entry = assembler.CreateLabel();
        internal Label Finish = assembler.CreateLabel();
        internal Label Ready = assembler.CreateLabel();
        internal Label Call = assembler.CreateLabel();
        internal Label CallEach = assembler.CreateLabel();
        internal Label Load = assembler.CreateLabel();
        internal Label LoadAccess = assembler.CreateLabel();
        internal Label Store = assembler.CreateLabel();
        internal Label StoreAccess = assembler.CreateLabel();
    }
}
