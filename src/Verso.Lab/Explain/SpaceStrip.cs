using Verso.Engine.Images;

namespace Verso.Lab.Explain;

/// <summary>Some VMAs of an address space in a row: those around an address, or those of a range.</summary>
/// <param name="Low">The first byte address that was asked for.</param>
/// <param name="High">The last one.</param>
/// <param name="Vmas">VMAs by ascending address.</param>
/// <param name="Hole">Where the address is in no VMA: the bytes between those around it.</param>
public sealed record SpaceStrip(ulong Low, ulong High, IReadOnlyList<VmaImage> Vmas, Hole? Hole)
{
    /// <summary>VMAs on each side of an address.</summary>
    private const int Neighbours = 6;

    /// <summary>Whether a VMA holds part of what was asked for.</summary>
    public bool IsMeant(VmaImage vma)
    {
        ArgumentNullException.ThrowIfNull(vma);
        return vma.Start <= High && Low < vma.End;
    }

    /// <summary>The VMAs around an address.</summary>
    public static SpaceStrip Around(SpaceExplanation explanation, ulong address)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        IReadOnlyList<VmaImage> vmas = explanation.Process.Image.Vmas;
        int above = FirstEndingAbove(vmas, address);
        bool isInside = above < vmas.Count && vmas[above].Start <= address;
        int first = Math.Max(0, above - Neighbours);
        int end = Math.Min(vmas.Count, above + Neighbours + (isInside ? 1 : 0));
        Hole? hole = isInside ? null : new Hole(
            above > 0 ? vmas[above - 1].End : 0, above < vmas.Count ? vmas[above].Start : ulong.MaxValue);
        return new SpaceStrip(address, address, [.. vmas.Skip(first).Take(end - first)], hole);
    }

    /// <summary>The VMAs of a range, without others.</summary>
    /// <param name="explanation">Of the address space.</param>
    /// <param name="low">The first byte address.</param>
    /// <param name="high">The last one.</param>
    public static SpaceStrip Within(SpaceExplanation explanation, ulong low, ulong high)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        IReadOnlyList<VmaImage> vmas = explanation.Process.Image.Vmas;
        int first = FirstEndingAbove(vmas, low);
        VmaImage[] inside = [.. vmas.Skip(first).TakeWhile(vma => vma.Start <= high)];
        Hole? hole = inside.Length > 0 ? null : new Hole(
            first > 0 ? vmas[first - 1].End : 0, first < vmas.Count ? vmas[first].Start : ulong.MaxValue);
        return new SpaceStrip(low, high, inside, hole);
    }

    /// <summary>find_vma in an image: the index of the first that ends above the address; else their number.</summary>
    internal static int FirstEndingAbove(IReadOnlyList<VmaImage> vmas, ulong address)
    {
        int low = 0;
        int high = vmas.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = vmas[middle].End <= address ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}

/// <summary>Addresses that are in no VMA.</summary>
/// <param name="Start">The end of the VMA below; 0 if there is none.</param>
/// <param name="End">The start of the VMA above; the largest number if there is none.</param>
public readonly record struct Hole(ulong Start, ulong End);
