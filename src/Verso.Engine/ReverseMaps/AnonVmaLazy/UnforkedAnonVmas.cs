using Verso.Engine.Images;

namespace Verso.Engine.ReverseMaps.AnonVmaLazy;

/// <summary>The anon_vmas of a kernel that a VMA gets when it is forked and not before.</summary>
internal static class UnforkedAnonVmas
{
    /// <summary>
    /// Takes those out that no other has for its parent and that only chains of their own VMAs name. What is left of a
    /// fork child's chain are the anon_vmas of its ancestors.
    /// </summary>
    public static IReadOnlyList<LoadedImage> Remove(IReadOnlyList<LoadedImage> images)
    {
        HashSet<ulong> forked = Forked(images);
        Dictionary<ulong, long> fewerChildren = [];
        HashSet<ulong> removed = [];
        foreach (LoadedImage image in images)
        {
            foreach (AnonVmaImage node in image.Image.AnonVmas)
            {
                if (!forked.Contains(node.Id) && removed.Add(node.Id) && node.Parent != node.Id)
                {
                    fewerChildren[node.Parent] = fewerChildren.GetValueOrDefault(node.Parent) + 1;
                }
            }
        }

        return [.. images.Select(image => image.With(image.Image with
        {
            Vmas = [.. image.Image.Vmas.Select(vma => Without(vma, removed))],
            AnonVmas =
            [
                .. image.Image.AnonVmas.Where(node => !removed.Contains(node.Id)).Select(node => node with
                {
                    ChildCount = node.ChildCount - fewerChildren.GetValueOrDefault(node.Id),
                }),
            ],
        }))];
    }

    private static HashSet<ulong> Forked(IReadOnlyList<LoadedImage> images)
    {
        HashSet<ulong> forked = [];
        foreach (LoadedImage image in images)
        {
            foreach (AnonVmaImage node in image.Image.AnonVmas)
            {
                bool isRoot = node.Parent == node.Id;
                if (node.ChildCount > (isRoot ? 1 : 0))
                {
                    forked.Add(node.Id);
                }

                if (!isRoot)
                {
                    forked.Add(node.Parent);
                    forked.Add(node.Root);
                }
            }

            foreach (VmaImage vma in image.Image.Vmas)
            {
                foreach (ulong anonVma in vma.Chain)
                {
                    if (anonVma != vma.AnonVma)
                    {
                        forked.Add(anonVma);
                    }
                }
            }
        }

        return forked;
    }

    private static VmaImage Without(VmaImage vma, HashSet<ulong> removed) => removed.Contains(vma.AnonVma)
        ? vma with { AnonVma = 0, Chain = [.. vma.Chain.Where(anonVma => !removed.Contains(anonVma))] }
        : vma;
}
