using System.Runtime.InteropServices;

namespace Verso.Engine.Images;

/// <summary>An image whose VMAs have been made; a design makes what belongs to them.</summary>
public sealed class LoadedImage
{
    private readonly VmaId[] _vmas;
    private readonly VmaId[] _origins;

    private LoadedImage(MmImage image, VmaId[] vmas, VmaId[] origins)
    {
        Image = image;
        _vmas = vmas;
        _origins = origins;
    }

    /// <summary>What is loaded.</summary>
    public MmImage Image { get; }

    /// <summary>The VMAs made from those of the image, in the same order.</summary>
    public ReadOnlySpan<VmaId> Vmas => _vmas;

    /// <summary>
    /// For each of them the VMA of the parent that fork copied it from, as far as anon_vmas tell; none where it was
    /// never written to before that fork, where it came later, or where the parent has it no longer.
    /// </summary>
    public ReadOnlySpan<VmaId> Origins => _origins;

    /// <summary>The same VMAs with another graph.</summary>
    public LoadedImage With(MmImage image) => new(image, _vmas, _origins);

    /// <summary>The root of every anon_vma that the image names; itself where that is not known.</summary>
    public Dictionary<ulong, ulong> Roots()
    {
        Dictionary<ulong, ulong> roots = new(Image.AnonVmas.Count);
        foreach (AnonVmaImage node in Image.AnonVmas)
        {
            roots[node.Id] = node.Root == 0 ? node.Id : node.Root;
        }

        return roots;
    }

    /// <summary>Finds out where the VMAs were copied from.</summary>
    /// <param name="image">The image.</param>
    /// <param name="vmas">The VMAs made from it.</param>
    /// <param name="parent">What it was forked from; null if that is not there.</param>
    /// <remarks>
    /// VMAs of one root come from one VMA. The first of the parent's that has a page offset in common is taken: after a
    /// fork both sides split and merge as they like.
    /// </remarks>
    internal static LoadedImage Of(MmImage image, VmaId[] vmas, LoadedImage? parent)
    {
        Invariant.Require(image.Vmas.Count == vmas.Length);
        LoadedImage loaded = new(image, vmas, new VmaId[vmas.Length]);
        if (parent is null || image.AnonVmas.Count == 0)
        {
            return loaded;
        }

        Dictionary<ulong, List<int>> byRoot = parent.VmasByRoot();
        Dictionary<ulong, ulong> roots = loaded.Roots();
        for (int at = 0; at < vmas.Length; at++)
        {
            VmaImage vma = image.Vmas[at];
            if (vma.AnonVma == 0 || !byRoot.TryGetValue(roots[vma.AnonVma], out List<int>? related))
            {
                continue;
            }

            foreach (int other in related)
            {
                if (Overlap(vma, parent.Image.Vmas[other]))
                {
                    loaded._origins[at] = parent._vmas[other];
                    break;
                }
            }
        }

        return loaded;
    }

    private static bool Overlap(VmaImage left, VmaImage right) =>
        left.File.IsNone == right.File.IsNone
        && left.Pgoff < right.Pgoff + ((right.End - right.Start) >> Page.Shift)
        && right.Pgoff < left.Pgoff + ((left.End - left.Start) >> Page.Shift);

    private Dictionary<ulong, List<int>> VmasByRoot()
    {
        Dictionary<ulong, List<int>> byRoot = [];
        Dictionary<ulong, ulong> roots = Roots();
        for (int at = 0; at < Image.Vmas.Count; at++)
        {
            if (Image.Vmas[at].AnonVma == 0)
            {
                continue;
            }

            ref List<int>? list = ref CollectionsMarshal.GetValueRefOrAddDefault(
                byRoot, roots[Image.Vmas[at].AnonVma], out _);
            (list ??= []).Add(at);
        }

        return byRoot;
    }
}
