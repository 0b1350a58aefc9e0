using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>
/// A virtual-memory subsystem: address spaces, VMAs, page tables, frames, files, and one reverse map. Deterministic and
/// single-threaded; many may run beside each other. This class is all that other projects see.
/// </summary>
/// <remarks>
/// One operation a file (Machine.Mmap.cs, ...). What touches pages is in <see cref="Machine{TPages}"/>, compiled
/// once a design; what touches only VMAs is here, and calls the design's structure hooks through
/// <see cref="Structure"/>.
/// </remarks>
public abstract partial class Machine
{
    private protected Machine(World world, ReverseMap structure)
    {
        World = world;
        Structure = structure;
        structure.Start(world);
    }

    /// <summary>The arenas.</summary>
    public World World { get; }

    public Counters Counters => World.Counters;

    public Ledger Ledger => World.Ledger;

    /// <summary>What the design says of itself.</summary>
    public DesignFacts Design => Structure.Facts;

    /// <summary>What only this design counts.</summary>
    public IReadOnlyList<DesignFigure> Figures => Structure.Figures();

    /// <summary>What the design keeps of a VMA besides what can be seen; see <see cref="ReverseMap.Note"/>.</summary>
    public void Note(VmaId vma, IStateNotes notes) => Structure.Note(vma, notes);

    /// <summary>The design, for the hooks called once an operation.</summary>
    private protected ReverseMap Structure { get; }
}
