namespace Verso.Engine.Frames;

/// <summary>Every page frame of a machine, by <see cref="Pfn"/>.</summary>
public sealed class FrameTable(MachineOptions options, Ledger ledger)
{
    /// <summary>Options and ledger this table was made with.</summary>
    internal (MachineOptions Options, Ledger Ledger) Context => (options, ledger);
}
