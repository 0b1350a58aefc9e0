using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Playing;

namespace Verso.Lab.Stepping;

/// <summary>Something that is played step by step, as those see it who look at each step.</summary>
internal abstract class SteppedSource : IDisposable
{
    public abstract Machine Machine { get; }

    /// <summary>The address spaces that are live now.</summary>
    public abstract IEnumerable<PlayedSpace> Spaces { get; }

    /// <summary>Takes the next step; false at the end.</summary>
    public abstract bool Next();

    /// <summary>What the next step is about; null at the end.</summary>
    public abstract StepFocus? Ahead();

    /// <summary>What marks the last step, merges and refusals apart.</summary>
    public abstract StepMarks Marks { get; }

    /// <summary>Fills in what the last step was.</summary>
    public abstract StepView Describe(StepView view);

    /// <summary>What a VMA maps; empty for anonymous memory.</summary>
    public abstract string NameOf(VmaImage vma);

    /// <summary>The byte addresses of the pages of an address space that are looked at, ascending.</summary>
    public abstract IEnumerable<ulong> PagesOf(MmImage image, StepFocus focus);

    public abstract void Dispose();
}

/// <summary>What a step is about.</summary>
/// <param name="Spaces">Names of the address spaces; null: all.</param>
/// <param name="Pages">Addresses of pages, ascending.</param>
internal sealed record StepFocus(IReadOnlyList<string>? Spaces, IReadOnlyList<ulong> Pages)
{
    /// <summary>Everything.</summary>
    public static StepFocus All { get; } = new(null, []);
}
