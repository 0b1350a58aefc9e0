using Verso.Engine.Images;

namespace Verso.Lab.Families;

/// <summary>One anon_vma of a snapshot: where it stands in its tree, and the VMAs in its interval tree.</summary>
public sealed class AnonVmaNode
{
    internal AnonVmaNode(int number, AnonVmaImage image)
    {
        Number = number;
        Image = image;
        Root = this;
    }

    /// <summary>Counted from 1 in the order of the snapshot: kernel addresses stay out of reports.</summary>
    public int Number { get; }

    /// <summary>As it was read.</summary>
    public AnonVmaImage Image { get; internal set; }

    /// <summary>The first of its tree; itself if it is that, or if the root was not read.</summary>
    public AnonVmaNode Root { get; internal set; }

    /// <summary>The anon_vma of the VMA it was forked from; null of a root, or if that was not read.</summary>
    public AnonVmaNode? Parent { get; internal set; }

    /// <summary>Parents up to the first: 0 of a root.</summary>
    public int Depth { get; internal set; }

    /// <summary>anon_vmas whose parent it is, itself left out.</summary>
    public int Children { get; internal set; }

    /// <summary>VMAs that were read and whose chain names it: what its interval tree holds.</summary>
    public int TreeSize { get; internal set; }

    /// <summary>Of these, those whose <c>vma->anon_vma</c> it is: their new pages will point to it.</summary>
    public int ActiveVmas { get; internal set; }

    /// <summary>
    /// The address space with the most of the <see cref="ActiveVmas"/>; null if there is none: whose it was has ended,
    /// and what it left is kept for those that were forked from it.
    /// </summary>
    public SpaceNode? Owner { get; internal set; }

    /// <summary>VMAs that a walk for one page visits: those of the tree whose page offsets cover the page's.</summary>
    public Coverage Visits { get; internal set; }

    /// <summary>VMAs of its tree that are open to KSM (VM_MERGEABLE).</summary>
    public int MergeableVmas { get; internal set; }

    /// <summary>
    /// VMAs that a walk for a page merged by KSM visits, of those that are in this tree: all before 7.3, which kept
    /// the page's address but looked through the tree from 0 to the end (rmap_walk_ksm); since, those whose page
    /// offsets cover the page's. 0 if no VMA is open to KSM.
    /// </summary>
    /// <param name="kernel">As <c>uname -r</c> has it.</param>
    public int VisitsOfKsm(string kernel) => MergeableVmas == 0 ? 0
        : Engine.KernelRules.IsAtLeast(kernel, "7.3") ? Visits.Most
        : TreeSize;

    /// <summary>
    /// Whether the kernel counts VMAs or children that were not read: <see cref="TreeSize"/> is then less than its
    /// tree.
    /// </summary>
    public bool IsPartial =>
        Image.ActiveVmaCount > ActiveVmas || Image.ChildCount > Children + (Image.Root == Image.Id ? 1 : 0);
}

/// <summary>How many VMAs of an interval tree cover one page offset.</summary>
/// <param name="Pages">Different page offsets that some VMA covers.</param>
/// <param name="VmaPages">Pages of all VMAs together.</param>
/// <param name="Most">The most VMAs that cover one page offset.</param>
public readonly record struct Coverage(ulong Pages, ulong VmaPages, int Most)
{
    /// <summary>VMAs that cover a page offset, on average of those that are covered at all.</summary>
    public double Mean => Pages == 0 ? 0 : (double)VmaPages / Pages;
}
