namespace Verso.Engine.Images;

/// <summary>The anon_vmas that an image is to have, each once.</summary>
public sealed class AnonVmaList
{
    private readonly AddressNumbers _seen = new();
    private readonly List<AnonVmaImage> _nodes = [];

    /// <summary>Whether an anon_vma is not in the list yet; from now on it counts as seen.</summary>
    public bool IsNew(ulong id)
    {
        int before = _seen.Count;
        return _seen.Of(id) > before;
    }

    /// <summary>Adds one that <see cref="IsNew"/> has just told of.</summary>
    public void Add(AnonVmaImage node) => _nodes.Add(node);

    /// <summary>All of them; the list is empty then, and keeps its memory.</summary>
    public AnonVmaImage[] Take()
    {
        AnonVmaImage[] nodes = [.. _nodes];
        _nodes.Clear();
        _seen.Clear();
        return nodes;
    }
}
