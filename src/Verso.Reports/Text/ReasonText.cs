using Verso.Engine.Vmas;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>The tests of a merge, in plain words and in the kernel's.</summary>
public static class ReasonText
{
    /// <summary>Of pairs that no check that could be made keeps apart.</summary>
    public const string Untold =
        "/proc shows no reason; different anon_vmas are possible. Run as root to find out.";

    /// <summary>One line for people who have not read mm/vma.c.</summary>
    public static string Plain(MergeTests test) => test switch
    {
        MergeTests.None => "nothing prevents a merge: no call has tried since",
        MergeTests.Policy => "their memory policies differ (mbind)",
        MergeTests.Flags => "their permissions or flags differ",
        MergeTests.File => "they map one file that was opened more than once, or shared anonymous memory of two mmap "
            + "calls: each open and each call makes an object of its own",
        MergeTests.Userfaultfd => "they are registered with different userfaultfds",
        MergeTests.Name => "their names differ (PR_SET_VMA_ANON_NAME)",
        MergeTests.AnonVma =>
            "each was written while the other was not adjacent, or not alike: their anon_vmas differ",
        MergeTests.ForkedChain => "one was forked with an anon_vma, the other has none",
        MergeTests.PageOffset => "their page offsets are not contiguous: mapped out of file order, or moved",
        MergeTests.Special => "a driver's mapping: these are never merged",
        MergeTests.Close => "the VMA that would be removed has a close callback (a System V segment, a driver)",
        _ => "pages are shared",
    };

    /// <summary>Why two VMAs could never be one.</summary>
    public static string Plain(LastingReason reason) => reason switch
    {
        LastingReason.FileAndAnonymous => "a file and anonymous memory",
        LastingReason.TwoFiles => "different files",
        LastingReason.Sections => "sections of one program or library, with different permissions",
        LastingReason.Special => "a mapping of a driver or of the kernel (VM_SPECIAL)",
        LastingReason.Close => "both have a close callback (vm_ops->close), so the kernel never merges them",
        LastingReason.SharedAndPrivate => "one shared, one private",
        _ => "",
    };

    /// <summary>What the kernel compares.</summary>
    public static string Kernel(MergeTests test) => test switch
    {
        MergeTests.None => "can_vma_merge_before, can_vma_merge_after",
        MergeTests.Policy => "mpol_equal(vma_policy)",
        MergeTests.Flags => "vm_flags",
        MergeTests.File => "vm_file",
        MergeTests.Userfaultfd => "vm_userfaultfd_ctx",
        MergeTests.Name => "anon_vma_name",
        MergeTests.AnonVma => "is_mergeable_anon_vma",
        MergeTests.ForkedChain => "is_mergeable_anon_vma, vma_is_fork_child",
        MergeTests.PageOffset => "vm_pgoff",
        MergeTests.Special => "VM_SPECIAL",
        MergeTests.Close => "vm_ops->close",
        _ => "",
    };
}
