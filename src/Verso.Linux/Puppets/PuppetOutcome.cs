using Verso.Engine;

namespace Verso.Linux.Puppets;

/// <summary>How one step of a puppet ended.</summary>
/// <param name="Kind">Which of the others mean something.</param>
/// <param name="Result">
/// Done: what the call returned, -errno where it failed; the byte that was loaded; 0 for a store. Exited: the status.
/// </param>
/// <param name="Signal">Fault, Killed: the signal's number.</param>
/// <param name="SignalCode">Fault: si_code, e.g. 1 for SEGV_MAPERR, 2 for SEGV_ACCERR, 128 for SI_KERNEL.</param>
/// <param name="Address">Fault: si_addr; 0 where the address was not canonical.</param>
public readonly record struct PuppetOutcome(
    PuppetOutcomeKind Kind, long Result, int Signal, int SignalCode, ulong Address)
{
    /// <summary>errno of a call that failed, else 0.</summary>
    public int Error => Kind == PuppetOutcomeKind.Done ? (int)SyscallResult.ErrnoOf(Result) : 0;

    internal static PuppetOutcome Done(long result) => new(PuppetOutcomeKind.Done, result, 0, 0, 0);

    internal static PuppetOutcome Blocked => new(PuppetOutcomeKind.Blocked, 0, 0, 0, 0);

    internal static PuppetOutcome Exited(int status) => new(PuppetOutcomeKind.Exited, status, 0, 0, 0);

    internal static PuppetOutcome Killed(int signal) => new(PuppetOutcomeKind.Killed, 0, signal, 0, 0);

    public override string ToString() => Kind switch
    {
        PuppetOutcomeKind.Done when Error != 0 => $"errno {Error}",
        PuppetOutcomeKind.Done => $"0x{Result:x}",
        PuppetOutcomeKind.Fault => $"signal {Signal} code {SignalCode} at 0x{Address:x}",
        PuppetOutcomeKind.Exited => $"exited {Result}",
        PuppetOutcomeKind.Killed => $"killed by signal {Signal}",
        _ => "blocked",
    };
}

/// <summary>How a step can end.</summary>
public enum PuppetOutcomeKind
{
    /// <summary>The call returned, or the access was made.</summary>
    Done = 0,

    /// <summary>The access raised a signal. The puppet goes on: the signal is not delivered.</summary>
    Fault = 1,

    /// <summary>The puppet has ended by itself; there is no puppet any more.</summary>
    Exited = 2,

    /// <summary>A signal ended the puppet; there is no puppet any more.</summary>
    Killed = 3,

    /// <summary>
    /// The step slept past the theatre's patience and was interrupted; or the puppet waits for its vfork child and
    /// the step did not begin. The puppet goes on.
    /// </summary>
    Blocked = 4,
}
