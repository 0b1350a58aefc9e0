namespace Verso.Engine.Calls;

/// <summary>One call: what a process asks of its address space.</summary>
/// <param name="Kind">What; the row of <see cref="CallTable"/> says what the arguments are.</param>
/// <remarks>
/// Arguments are as the system call has them, but for what a machine numbers itself: userfaultfd contexts and memory
/// policies are the machine's, files are in <see cref="File"/>.
/// </remarks>
public readonly record struct Call(CallKind Kind)
{
    public ulong Arg0 { get; init; }

    public ulong Arg1 { get; init; }

    public ulong Arg2 { get; init; }

    public ulong Arg3 { get; init; }

    public ulong Arg4 { get; init; }

    public ulong Arg5 { get; init; }

    /// <summary>Arg0 to Arg5 by number.</summary>
    public ulong Argument(int at) => at switch
    {
        0 => Arg0,
        1 => Arg1,
        2 => Arg2,
        3 => Arg3,
        4 => Arg4,
        _ => Arg5,
    };

    /// <summary>The same call with another argument, by its number.</summary>
    public Call With(int at, ulong value) => at switch
    {
        0 => this with { Arg0 = value },
        1 => this with { Arg1 = value },
        2 => this with { Arg2 = value },
        3 => this with { Arg3 = value },
        4 => this with { Arg4 = value },
        _ => this with { Arg5 = value },
    };

    /// <summary>The open file that is mapped.</summary>
    public FileId File { get; init; }

    /// <summary>The name that memory gets; null takes it away.</summary>
    public string? Text { get; init; }

    /// <summary>
    /// What the kernel returned, when a successful call is replayed: where it had the choice (an address, a key), the
    /// machine takes the same. Else null.
    /// </summary>
    public ulong? Imposed { get; init; }

    /// <summary>What a driver made of the mapping, in a replay.</summary>
    public DriverFacts? Driver { get; init; }
}
