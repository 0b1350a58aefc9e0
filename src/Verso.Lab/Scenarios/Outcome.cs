using System.Globalization;
using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>How a step ended.</summary>
/// <param name="Errno">The error of a system call.</param>
/// <param name="Page">The page of the address it returned; 0 where it returns none.</param>
/// <param name="Fault">How an access ended.</param>
/// <param name="Byte">What was read.</param>
public readonly record struct Outcome(
    Errno Errno, long Page = 0, FaultOutcome Fault = FaultOutcome.Done, byte Byte = 0)
{
    /// <summary>
    /// As a scenario says it after the arrow: an errno, <c>maperr</c>, <c>accerr</c> or <c>bus</c>, <c>page N</c> of a
    /// call that returns an address, <c>byte N</c> of a read; empty where there is nothing to tell.
    /// </summary>
    public string ToText(Op op) => Fault switch
    {
        FaultOutcome.MapError => "maperr",
        FaultOutcome.AccessError => "accerr",
        FaultOutcome.Bus => "bus",
        FaultOutcome.OutOfMemory => "oom",
        FaultOutcome.Waits => "waits",
        _ when Errno != Errno.None => Errno.ToString(),
        _ when op.ReturnsAddress => string.Create(CultureInfo.InvariantCulture, $"page {Page}"),
        _ when op.Kind == OpKind.Read => string.Create(CultureInfo.InvariantCulture, $"byte {Byte}"),
        _ => "",
    };

    public override string ToString() => Fault != FaultOutcome.Done
        ? Fault.ToString()
        : Errno != Errno.None ? Errno.ToString() : $"page {Page} byte {Byte}";
}
