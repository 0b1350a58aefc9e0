using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Fidelity;

/// <summary>
/// Whether the kernel's mappings are there in the replay, however they are cut into VMAs: for designs that merge
/// more, or less, than the kernel does.
/// </summary>
internal static class RangeCoverage
{
    /// <summary>
    /// VM_ACCOUNT and VM_MAYBE_GUARD spread by merging; so they may differ where merge rules do.
    /// </summary>
    private const VmaFlags Spreading = VmaFlags.Account | VmaFlags.MaybeGuard;

    /// <summary>How many of the kernel's VMAs are covered by VMAs with the same flags, file and file offset.</summary>
    public static Agreement Of(IReadOnlyList<VmaImage> ours, IReadOnlyList<VmaImage> kernels, FileMatcher files)
    {
        long matched = 0;
        int at = 0;
        foreach (VmaImage vma in kernels)
        {
            while (at < ours.Count && ours[at].End <= vma.Start)
            {
                at++;
            }

            matched += IsCovered(ours, at, vma, files) ? 1 : 0;
        }

        return new Agreement(matched, kernels.Count);
    }

    private static bool IsCovered(IReadOnlyList<VmaImage> ours, int at, VmaImage vma, FileMatcher files)
    {
        ulong reached = vma.Start;
        while (reached < vma.End && at < ours.Count && ours[at].Start <= reached && IsLike(ours[at], vma, files))
        {
            reached = ours[at++].End;
        }

        return reached >= vma.End;
    }

    private static bool IsLike(VmaImage ours, VmaImage kernels, FileMatcher files)
    {
        if (((ours.Flags ^ kernels.Flags) & ComparedFlags.Mask & ~Spreading) != 0
            || !files.AreSame(ours.File, kernels.File))
        {
            return false;
        }

        ulong ourFirst = ours.Pgoff - (ours.Start >> Page.Shift);
        ulong kernelFirst = kernels.Pgoff - (kernels.Start >> Page.Shift);
        return ours.File.IsNone || ourFirst == kernelFirst;
    }
}

/// <summary>Which bits of vm_flags are compared with the kernel's.</summary>
public static class ComparedFlags
{
    /// <summary>
    /// All but VM_SOFTDIRTY: it says whether somebody reset a clock in /proc/PID/clear_refs, is ignored by every
    /// merge test, and does not exist in kernels without CONFIG_MEM_SOFT_DIRTY.
    /// </summary>
    public const VmaFlags Mask = ~VmaFlags.SoftDirty;
}
