namespace Verso.Engine;

/// <summary>Bytes of a struct of the kernel, by the machine's word.</summary>
/// <param name="On64">On a 64-bit machine.</param>
/// <param name="On32">On a 32-bit machine.</param>
public readonly record struct KernelSize(int On64, int On32)
{
    /// <summary>So many pointers, or numbers as long as one.</summary>
    public static KernelSize Words(int count) => new(count * 8, count * 4);

    /// <summary>Bytes for this word.</summary>
    public int On(MachineWord word) => word == MachineWord.Bits64 ? On64 : On32;

    public static KernelSize operator +(KernelSize left, KernelSize right) =>
        new(left.On64 + right.On64, left.On32 + right.On32);
}

/// <summary>How long a pointer is on the machine whose structs are counted.</summary>
public enum MachineWord
{
    Bits64 = 64,
    Bits32 = 32,
}
