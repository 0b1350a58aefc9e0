using Verso.Engine.Images;

namespace Verso.Lab.Fidelity;

/// <summary>
/// The anon_vma graph of one image with small numbers for its ids, from 1 on; 0 is no anon_vma. Used again for image
/// after image: those of deep families have a thousand entries a VMA.
/// </summary>
internal sealed class GraphSide
{
    private readonly AddressNumbers _numbers = new();
    private AnonVmaImage?[] _nodes = new AnonVmaImage?[64];
    private int[] _roots = new int[64];
    private int[] _parents = new int[64];
    private int[] _own = new int[64];
    private int[] _ends = new int[64];
    private int[] _links = new int[64];

    /// <summary>Numbers given: the last one.</summary>
    public int Count => _numbers.Count;

    /// <summary>Anon_vmas that the image lists.</summary>
    public int Listed { get; private set; }

    /// <summary>Takes the place of whatever image was there.</summary>
    public void Load(MmImage image)
    {
        Array.Clear(_nodes);
        _numbers.Clear();
        foreach (AnonVmaImage node in image.AnonVmas.AsSpan())
        {
            int number = _numbers.Of(node.Id);
            Reserve(ref _nodes, number);
            _nodes[number] = node;
        }

        Listed = Count;
        Reserve(ref _roots, Listed);
        Reserve(ref _parents, Listed);
        for (int number = 1; number <= Listed; number++)
        {
            _roots[number] = _numbers.Of(_nodes[number]!.Root);
            _parents[number] = _numbers.Of(_nodes[number]!.Parent);
        }

        LoadChains(image);
        Reserve(ref _nodes, Count);
    }

    /// <summary>An anon_vma; null of one that the image does not list.</summary>
    public AnonVmaImage? Node(int number) => _nodes[number];

    /// <summary>The root of a listed one.</summary>
    public int RootOf(int number) => _roots[number];

    /// <summary>The parent of a listed one.</summary>
    public int ParentOf(int number) => _parents[number];

    /// <summary>The chain of a VMA, by its place in the image: newest first.</summary>
    public ReadOnlySpan<int> Chain(int place)
    {
        int begin = place == 0 ? 0 : _ends[place - 1];
        return _links.AsSpan(begin, _ends[place] - begin);
    }

    /// <summary><c>vma->anon_vma</c> of a VMA, by its place in the image.</summary>
    public int OwnOf(int place) => _own[place];

    private void LoadChains(MmImage image)
    {
        ReadOnlySpan<VmaImage> vmas = image.Vmas.AsSpan();
        Reserve(ref _own, vmas.Length);
        Reserve(ref _ends, vmas.Length);
        int end = 0;
        for (int place = 0; place < vmas.Length; place++)
        {
            VmaImage vma = vmas[place];
            ReadOnlySpan<ulong> chain = vma.Chain.AsSpan();
            Reserve(ref _links, checked(end + chain.Length));
            foreach (ulong id in chain)
            {
                _links[end++] = _numbers.Of(id);
            }

            _own[place] = _numbers.Of(vma.AnonVma);
            _ends[place] = end;
        }
    }

    private static void Reserve<T>(ref T[] array, int last)
    {
        if (last >= array.Length)
        {
            Array.Resize(ref array, checked(last * 2));
        }
    }
}
