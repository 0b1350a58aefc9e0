using Verso.Engine.Vmas;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>The tests of a merge, in plain words and in the kernel's.</summary>
public static class ReasonText
{
    /// <summary>Of pairs that no test that could be asked keeps apart.</summary>
    public const string Untold =
        "nothing that /proc tells keeps them apart; different anon_vmas may, or nothing: root is told which";

    /// <summary>One line for people who have not read mm/vma.c.</summary>
    public static string Plain(MergeTests test) => test switch
    {
        MergeTests.None => "nothing keeps them apart: mergeable now, and no call has tried since",
        MergeTests.Policy => "their memory policies differ (mbind)",
        MergeTests.Flags => "their permissions or flags differ",
        MergeTests.File => "they map one file through different descriptors, or objects that mmap made for shared "
            + "anonymous memory: each open file and each object is one of its own",
        MergeTests.Userfaultfd => "they are registered with different userfaultfds",
        MergeTests.Name => "their names differ (PR_SET_VMA_ANON_NAME)",
        MergeTests.AnonVma =>
            "each was written when the other was not its neighbour: both have an anon_vma, of their own",
        MergeTests.ForkedChain => "one of them went through fork with an anon_vma, the other has none",
        MergeTests.PageOffset => "their page offsets do not follow each other: mapped apart in the file, or moved",
        MergeTests.Special => "a driver's mapping: these are never merged",
        MergeTests.Close => "the one that would go has a close operation (a System V segment, a driver)",
        _ => "pages are shared",
    };

    /// <summary>Why two VMAs never could be one.</summary>
    public static string Plain(LastingReason reason) => reason switch
    {
        LastingReason.FileAndAnonymous => "a file and anonymous memory",
        LastingReason.TwoFiles => "two files",
        LastingReason.Sections => "parts of one program or library: other permissions",
        LastingReason.Special => "a mapping of a driver or of the kernel (VM_SPECIAL)",
        LastingReason.Close => "both want to hear when they end (vm_ops->close)",
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
