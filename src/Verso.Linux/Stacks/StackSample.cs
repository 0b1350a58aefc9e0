using System.Buffers.Binary;
using Verso.Linux.Interop;

namespace Verso.Linux.Stacks;

/// <summary>Registers and the top of the stack as a call was entered: what it is unwound from.</summary>
internal sealed unsafe class StackSample
{
    /// <summary>Registers of x86-64 as DWARF numbers them; the last is the program counter.</summary>
    internal const int RegisterCount = 17;

    private const int StackPointerNumber = 7;
    private readonly byte[] _stack;

    internal StackSample(StackRecord* record)
    {
        _stack = new Span<byte>(record->Stack, (int)Math.Min(record->Bytes, StackRecord.StackBytes)).ToArray();
        Process = (int)record->Process;
        Registers =
        [
            0, 0, 0, record->Bx, 0, 0, record->Bp, record->Sp, 0, 0, 0, 0,
            record->R12, record->R13, record->R14, record->R15, record->Ip,
        ];
    }

    /// <summary>By DWARF number; those that no caller is restored from are 0.</summary>
    internal ulong[] Registers { get; }

    /// <summary>The process that called.</summary>
    internal int Process { get; }

    /// <summary>Where the call was.</summary>
    internal ulong Counter => Registers[RegisterCount - 1];

    /// <summary>What unwinding begins with; two samples with one key may have come by the same way.</summary>
    internal (ulong Counter, ulong Pointer, ulong Frame) Key => (Counter, Registers[StackPointerNumber], Registers[6]);

    /// <summary>A word of the stack, if it was kept.</summary>
    internal bool TryRead(ulong address, out ulong word)
    {
        var at = unchecked(address - Registers[StackPointerNumber]);
        var isKept = at <= int.MaxValue && (int)at + sizeof(ulong) <= _stack.Length;
        word = isKept ? BinaryPrimitives.ReadUInt64LittleEndian(_stack.AsSpan((int)at)) : 0;
        return isKept;
    }
}
