using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Snapshots;

namespace Verso.Lab.Families;

/// <summary>The address spaces of a graph in the order in which a machine can be loaded with them.</summary>
/// <remarks>
/// Elder first, so that parents come before their children. Where several of a family have no parent among the living,
/// what they were forked from has ended: an empty address space stands for it, and is released after loading. Designs
/// that keep something for a family, or for what has ended while its children live, then hold what they would.
/// </remarks>
internal sealed class LoadOrder
{
    private readonly List<RelatedImage> _images = [];
    private readonly List<int> _ended = [];
    private readonly List<SpaceNode> _left = [];

    private LoadOrder()
    {
    }

    /// <summary>The images.</summary>
    internal IReadOnlyList<RelatedImage> Images => _images;

    /// <summary>Which of them stand for what has ended.</summary>
    internal IReadOnlyList<int> Ended => _ended;

    /// <summary>
    /// Address spaces that changed so much while they were read that no kernel can have them as they are.
    /// </summary>
    internal IReadOnlyList<SpaceNode> LeftOut => _left;

    /// <summary>
    /// Bytes of structs, not of slots, that the kernel has for the others: what a design's may be compared with.
    /// </summary>
    internal long KernelBytes { get; private set; }

    internal static LoadOrder Of(FamilyGraph graph)
    {
        LoadOrder order = new();
        Dictionary<SpaceNode, int> ancestors = [];
        foreach (Family family in graph.Families)
        {
            SpaceNode[] heads = [.. family.Heads];
            if (heads.Length < 2)
            {
                continue;
            }

            foreach (SpaceNode head in heads)
            {
                ancestors.Add(head, order._images.Count);
            }

            order._ended.Add(order._images.Count);
            order._images.Add(new RelatedImage(new MmImage { Vmas = [], AnonVmas = [] }));
        }

        Dictionary<SpaceNode, int> places = [];
        HashSet<ulong> anonVmas = [];
        foreach (SpaceNode space in graph.Spaces.OrderBy(space => (space.Start, space.Index)))
        {
            MmImage image = space.Image.WithoutVsyscall();
            if (!ExecCall.IsSound(image))
            {
                order._left.Add(space);
                continue;
            }

            int parent = space.Parent is null
                ? ancestors.GetValueOrDefault(space, -1)
                : places.GetValueOrDefault(space.Parent, -1);
            anonVmas.UnionWith(image.AnonVmas.Select(node => node.Id));
            order.KernelBytes += space.ChainEntries * SnapshotSummary.ChainEntryBytes;
            places.Add(space, order._images.Count);
            order._images.Add(new RelatedImage(image, parent));
        }

        order.KernelBytes += (long)anonVmas.Count * SnapshotSummary.AnonVmaStructBytes;
        return order;
    }
}
