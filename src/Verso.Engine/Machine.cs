using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// A virtual-memory subsystem: address spaces, VMAs, page tables, frames, files, and one reverse map. Deterministic and
/// single-threaded; many may run beside each other. This class is all that other projects see.
/// </summary>
/// <remarks>
/// What it does is declared beside it, one operation a file (<see cref="MmapCall"/>, ...): there is what touches only
/// VMAs, and calls the design's structure hooks through <see cref="Structure"/>. What touches pages is in
/// <see cref="Machine{TPages}"/>, compiled once a design (docs/decisions/0014-rooms.md).
/// </remarks>
public abstract partial class Machine
{
    private protected Machine(World world, ReverseMap structure)
    {
        World = world;
        Counters = world.Counters;
        Structure = structure;
        structure.Start(world);
    }

    /// <summary>The arenas.</summary>
    public World World { get; }

    public Counters Counters { get; }

    public Ledger Ledger => World.Ledger;

    /// <summary>What the design says of itself.</summary>
    public DesignFacts Design => Structure.Facts;

    /// <summary>What only this design counts.</summary>
    public IReadOnlyList<DesignFigure> Figures => Structure.Figures();

    /// <summary>What the design keeps of a VMA besides what can be seen; see <see cref="ReverseMap.Note"/>.</summary>
    public void Note(VmaId vma, IStateNotes notes) => Structure.Note(vma, notes);

    /// <summary>See <see cref="ReverseMap.Describe"/>.</summary>
    public void Describe(VmaId vma, IDesignStructure structure) => Structure.Describe(vma, structure);

    /// <summary>The design, for the hooks called once an operation.</summary>
    internal ReverseMap Structure { get; }

    /// <summary>
    /// The error that the kernel gave to the calls that follow, in a replay, where its reason may lie outside: a limit
    /// that is not recorded, overcommit, a seal, a security module. A call that passes the engine's own checks then
    /// ends with it, having changed what the kernel has changed when it asks for such things. None: the engine decides.
    /// </summary>
    public Errno Refusal { get; set; }

    /// <summary>Whether a call ended by <see cref="Refusal"/> since this was last set to false.</summary>
    public bool WasRefused { get; set; }

    /// <summary>Told of every test of a boundary, passed or refused, with its whole verdict.</summary>
    public Action<MergeTrial>? MergeTried { get; set; }

    /// <summary>Searches that found another address than the recorded one.</summary>
    public long SearchDifferences { get; internal set; }

    /// <summary>Used again by every capture: those of deep families are long.</summary>
    internal AnonVmaList Captured { get; } = new();

    /// <summary>Reads: the VMA behind a handle.</summary>
    internal ref Vma At(VmaId id) => ref World.Vmas[id];
}
