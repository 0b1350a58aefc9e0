using System.Globalization;

namespace Verso.Engine.Tests.Live;

/// <summary>What one step of a scenario does.</summary>
internal enum Act
{
    Mmap,
    Munmap,
    Mprotect,
    Mremap,
    Madvise,
    Brk,
    Mlock,
    Munlock,
    Mlockall,
    Munlockall,
    Mbind,

    /// <summary>Attaches the segment of the scenario at A with flags B.</summary>
    Shmat,
    Shmdt,

    /// <summary>mprotect of B single pages, every second one from A, to C.</summary>
    Stripe,

    /// <summary>A read (B 0) or a write (B 1) of one byte.</summary>
    Touch,

    /// <summary>A is the number of the child.</summary>
    Fork,

    /// <summary>A is the process that reaps it.</summary>
    Exit,
}

/// <summary>One step: who does what with which arguments, in the order of the system call.</summary>
internal readonly record struct Operation(
    int Process, Act Act, ulong A = 0, ulong B = 0, ulong C = 0, ulong D = 0, ulong E = 0, ulong F = 0)
{
    /// <summary>How the puppet is told, with the number that the kernel gave the segment.</summary>
    public string ToLine(ulong segment) => Act switch
    {
        Act.Shmat => Line("s", 30, segment, A, B),
        Act.Stripe => Line("m", A, B, C),
        Act.Touch => Line("t", A, B),
        Act.Fork => Line("f", A),
        Act.Exit => Line("x", A),
        _ => Line("s", Number, A, B, C, D, E, F),
    };

    public override string ToString() =>
        $"{Process}: {Act}({A:x}, {B:x}, {C:x}, {D:x}, {E:x}, {F:x})";

    /// <summary>The number of the system call on x86-64.</summary>
    private ulong Number => Act switch
    {
        Act.Mmap => 9,
        Act.Mprotect => 10,
        Act.Munmap => 11,
        Act.Brk => 12,
        Act.Mremap => 25,
        Act.Madvise => 28,
        Act.Munlock => 150,
        Act.Mlockall => 151,
        Act.Munlockall => 152,
        Act.Shmdt => 67,
        Act.Mbind => 237,
        Act.Mlock => 325,
        _ => throw new InvalidOperationException(Act.ToString()),
    };

    private string Line(string command, params ReadOnlySpan<ulong> arguments)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{Process:x} {command}");
        foreach (ulong argument in arguments)
        {
            line += string.Create(CultureInfo.InvariantCulture, $" {argument:x}");
        }

        return line;
    }
}
