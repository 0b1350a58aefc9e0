using Verso.Engine.Images;

namespace Verso.Lab.Scenarios;

/// <summary>Where a scenario is played: the engine, or processes of the real kernel.</summary>
public interface IStage
{
    /// <summary>Takes a step that is possible now.</summary>
    Outcome Do(Op op);

    /// <summary>The VMAs and the graph of an address space, its page table apart.</summary>
    MmImage Capture(char mm);

    /// <summary>What is in the pages from this one on, as many as there is room for.</summary>
    void ReadPages(char mm, long first, Span<PageCell> cells);

    /// <summary>The name of what a VMA maps: the letter of a file, <c>shared</c> memory, or null for none.</summary>
    string? NameOf(VmaImage vma);
}
