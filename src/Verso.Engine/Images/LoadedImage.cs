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
    /// VMAs of one root come from one VMA. The first by page offset of the parent's that has one in common is taken:
    /// after a fork both sides split and merge as they like.
    /// </remarks>
    internal static LoadedImage Of(MmImage image, VmaId[] vmas, LoadedImage? parent)
    {
        Invariant.Require(image.Vmas.Count == vmas.Length);
        LoadedImage loaded = new(image, vmas, new VmaId[vmas.Length]);
        if (parent is null || image.AnonVmas.Count == 0)
        {
            return loaded;
        }

        Dictionary<(ulong Root, bool OfFile), List<Stretch>> byRoot = parent.StretchesByRoot();
        Dictionary<ulong, ulong> roots = loaded.Roots();
        for (int at = 0; at < vmas.Length; at++)
        {
            VmaImage vma = image.Vmas[at];
            if (vma.AnonVma != 0
                && byRoot.TryGetValue((roots[vma.AnonVma], !vma.File.IsNone), out List<Stretch>? related))
            {
                int place = FirstThatMeets(related, vma.Pgoff, EndOf(vma));
                loaded._origins[at] = place < 0 ? default : parent._vmas[related[place].Vma];
            }
        }

        return loaded;
    }

    // Furthest never falls, so the first that reaches beyond the begin is found by halving: a VMA that was split into
    // tens of thousands before a fork has as many to look through for each of the child's.
    private static int FirstThatMeets(List<Stretch> stretches, ulong begin, ulong end)
    {
        (int low, int high) = (0, stretches.Count);
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = stretches[middle].Furthest > begin ? (low, middle) : (middle + 1, high);
        }

        return low < stretches.Count && stretches[low].Begin < end ? low : -1;
    }

    private static ulong EndOf(VmaImage vma) => vma.Pgoff + ((vma.End - vma.Start) >> Page.Shift);

    private Dictionary<(ulong Root, bool OfFile), List<Stretch>> StretchesByRoot()
    {
        Dictionary<(ulong, bool), List<Stretch>> byRoot = [];
        Dictionary<ulong, ulong> roots = Roots();
        for (int at = 0; at < Image.Vmas.Count; at++)
        {
            VmaImage vma = Image.Vmas[at];
            if (vma.AnonVma != 0)
            {
                ref List<Stretch>? list = ref CollectionsMarshal.GetValueRefOrAddDefault(
                    byRoot, (roots[vma.AnonVma], !vma.File.IsNone), out _);
                (list ??= []).Add(new Stretch(vma.Pgoff, EndOf(vma), at));
            }
        }

        foreach (List<Stretch> list in byRoot.Values)
        {
            list.Sort((left, right) => (left.Begin, left.Vma).CompareTo((right.Begin, right.Vma)));
            for (int at = 1; at < list.Count; at++)
            {
                list[at] = list[at] with { Furthest = Math.Max(list[at].Furthest, list[at - 1].Furthest) };
            }
        }

        return byRoot;
    }

    /// <summary>Page offsets of one VMA among those of its root, by ascending begin.</summary>
    /// <param name="Begin">The first.</param>
    /// <param name="Furthest">One past the last of this VMA or any before it.</param>
    /// <param name="Vma">Its place in the image.</param>
    private readonly record struct Stretch(ulong Begin, ulong Furthest, int Vma);
}
