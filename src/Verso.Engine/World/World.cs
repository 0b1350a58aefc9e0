using Verso.Engine.Frames;
using Verso.Engine.Images;
using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.Swap;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// What a machine consists of apart from its reverse map: the arenas that the machine's operations and a design both
/// work on. A design gets it once, at <see cref="ReverseMaps.ReverseMap.Start"/>.
/// </summary>
public sealed class World
{
    /// <param name="options">Fixed properties of the machine.</param>
    /// <param name="ofVma">What the design adds to vm_area_struct, or, below 0, takes from it.</param>
    /// <param name="ofMm">What it adds to mm_struct.</param>
    public World(MachineOptions options, KernelSize ofVma = default, KernelSize ofMm = default)
    {
        Options = options;
        Budget = new MemoryBudget(options.MemoryLimitBytes, options.Cancellation);
        Ledger = new Ledger(options.Failure, Budget, options.Word);
        Counters = new Counters();
        Locks = new MachineLocks(Counters);
        Frames = new FrameTable(options, Ledger);
        PageTables = new PageTablePool(options, Ledger);
        Vmas = new VmaTable(Ledger, Locks, ofVma);
        Files = new FileTable(Vmas, Frames, Ledger, Locks, Budget);
        Mms = new MmTable(Ledger, ofMm);
        Swap = new SwapTable(options, Ledger);
    }

    public MachineOptions Options { get; }

    public KernelRules Rules => Options.Rules;

    /// <summary>What all of this takes of the host's memory.</summary>
    public MemoryBudget Budget { get; }

    public Ledger Ledger { get; }

    public Counters Counters { get; }

    /// <summary>Every lock that operations and the design take.</summary>
    public MachineLocks Locks { get; }

    public FrameTable Frames { get; }

    public PageTablePool PageTables { get; }

    public VmaTable Vmas { get; }

    public FileTable Files { get; }

    public MmTable Mms { get; }

    public SwapTable Swap { get; }

    /// <summary>Userfaultfd contexts that the caller has made.</summary>
    public UserfaultTable Userfaults { get; } = new();

    /// <summary>Numbers for what images have opaque.</summary>
    public TraitNumbers Traits { get; } = new();
}
