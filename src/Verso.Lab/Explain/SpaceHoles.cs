using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>Two VMAs, alike in all, with nothing mapped between them.</summary>
/// <param name="Lower">The one below.</param>
/// <param name="Upper">The one above.</param>
public sealed record HoleBetween(VmaImage Lower, VmaImage Upper)
{
    /// <summary>Bytes of the hole.</summary>
    public ulong Bytes => Upper.Start - Lower.End;
}

/// <summary>VMAs that are apart because there are holes between them.</summary>
/// <remarks>
/// munmap inside a VMA leaves two. That they were one is certain if they share an anon_vma, or map one open file with
/// offsets that go on across the hole. Of memory that was not written it is taken for likely if the hole is no larger
/// than the larger of the two. What fills a hole has no anon_vma: it joins both sides if they have one at most between
/// them, and none that went through fork (is_mergeable_anon_vma).
/// </remarks>
public sealed class SpaceHoles
{
    private SpaceHoles(IReadOnlyList<HoleBetween> holes, int fillable)
    {
        All = holes;
        Fillable = fillable;
    }

    /// <summary>By ascending address.</summary>
    public IReadOnlyList<HoleBetween> All { get; }

    /// <summary>Holes that leave one VMA for two when they are filled, from the lowest to the highest.</summary>
    public int Fillable { get; }

    /// <summary>Bytes of all.</summary>
    public ulong Bytes => All.Aggregate(0UL, (sum, hole) => sum + hole.Bytes);

    /// <summary>Finds them.</summary>
    /// <param name="vmas">Of an address space, by ascending address.</param>
    /// <param name="source">Without the kernel's graph neither anon_vmas nor anonymous offsets are known.</param>
    internal static SpaceHoles Of(IReadOnlyList<VmaImage> vmas, ExplanationSource source)
    {
        List<HoleBetween> holes = [];
        int fillable = 0;
        VmaImage? written = null;
        for (int at = 1; at < vmas.Count; at++)
        {
            (VmaImage lower, VmaImage upper) = (vmas[at - 1], vmas[at]);
            if (lower.End == upper.Start || !AreAlike(lower, upper, source))
            {
                written = null;
                continue;
            }

            holes.Add(new HoleBetween(lower, upper));
            written ??= lower.AnonVma == 0 ? null : lower;
            bool fits = Fits(written, upper);
            fillable += fits ? 1 : 0;
            written = fits ? written ?? (upper.AnonVma == 0 ? null : upper) : null;
        }

        return new SpaceHoles(holes, fillable);
    }

    private static bool Fits(VmaImage? lower, VmaImage upper) =>
        (lower is null || lower.Chain.Count <= 1) && upper.Chain.Count <= 1
        && (lower is null || upper.AnonVma == 0 || lower.AnonVma == upper.AnonVma);

    private static bool AreAlike(VmaImage lower, VmaImage upper, ExplanationSource source)
    {
        const VmaFlags Unmergeable = VmaFlags.Special | VmaFlags.GrowsDown | VmaFlags.HugeTlb;
        bool isAnonymous = lower.File.IsNone;
        ulong pages = (upper.Start - lower.Start) >> Page.Shift;
        bool goesOn = upper.Pgoff - lower.Pgoff == pages || (isAnonymous && source == ExplanationSource.Proc);
        bool wereOne = (!isAnonymous && goesOn) || (lower.AnonVma != 0 && lower.AnonVma == upper.AnonVma);
        return lower.File == upper.File && goesOn && lower.Traits == upper.Traits
            && ((lower.Flags ^ upper.Flags) & ~VmaFlags.SoftDirty) == VmaFlags.None
            && (lower.Flags & Unmergeable) == VmaFlags.None
            && (wereOne || ((lower.AnonVma == 0 || upper.AnonVma == 0) && IsSmall(lower, upper)));
    }

    private static bool IsSmall(VmaImage lower, VmaImage upper) =>
        upper.Start - lower.End <= Math.Max(lower.End - lower.Start, upper.End - upper.Start);
}
