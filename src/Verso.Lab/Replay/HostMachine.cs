using Verso.Engine;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Replay;

/// <summary>Machines like the one that something was recorded or read on: its kernel's rules, its settings.</summary>
internal static class HostMachine
{
    /// <summary>For a trace. Its events say what is populated.</summary>
    /// <param name="header">What the trace says of itself.</param>
    /// <param name="design">The reverse map.</param>
    /// <param name="rules">Those of the recorded kernel, or what was chosen instead.</param>
    /// <param name="limits">What the machine may take, and what ends it.</param>
    public static Machine For(TraceHeader header, DesignChoice design, RulesChoice rules, MachineOptions limits) =>
        design.Entry.Create(limits with
        {
            Population = Population.ByEvent,
            MaxMapCount = header.MaxMapCount,
            OvercommitMode = header.OvercommitMode,
            ProtectionKeys = header.ProtectionKeys ? ProtectionKeys.Present : ProtectionKeys.None,
            ZeroPages = header.NoZeroPage ? ZeroPages.None : ZeroPages.Mapped,
            Rules = rules.Rules,
            Design = design.Options,
        });

    /// <summary>For a snapshot, which may hold more VMAs than the limit allows now.</summary>
    /// <param name="header">What the snapshot says of itself.</param>
    /// <param name="design">The reverse map.</param>
    /// <param name="limits">What the machine may take, and what ends it.</param>
    public static Machine For(SnapshotHeader header, DesignChoice design, MachineOptions limits) =>
        design.Entry.Create(limits with
        {
            MaxMapCount = int.MaxValue,
            Rules = RulesChoice.For(header.Kernel).Rules,
            Design = design.Options,
        });
}
