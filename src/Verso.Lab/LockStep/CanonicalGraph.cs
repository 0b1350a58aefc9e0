using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Images;

namespace Verso.Lab.LockStep;

/// <summary>
/// The canonical form of the VMAs and the graph of several address spaces: words that are equal for two sets of images
/// if, and as a rule only if, one becomes the other by other names of anon_vmas and files. The memory is used again, so
/// that a form costs no allocation once its like was made.
/// </summary>
/// <remarks>
/// anon_vmas are numbered from 1 in the order in which they are met: address spaces as given, addresses ascending, the
/// VMA's own first and then its chain, head first; at last the parents and roots that no chain names. Files in the same
/// manner.
/// <code>
///   space: letter or 0, number of VMAs                      node, by number: root, parent, num_children,
///   VMA:   start, end, flags, both pgoffs, file, anon_vma,                  num_active_vmas, refcount
///          entries of the chain, each entry
/// </code>
/// </remarks>
internal sealed class CanonicalGraph
{
    private readonly Dictionary<ulong, int> _numbers = [];
    private readonly Dictionary<int, int> _files = [];
    private readonly List<AnonVmaImage?> _nodes = [];
    private readonly List<ulong> _ids = [];
    private ulong[] _words = new ulong[256];
    private int _length;

    /// <summary>The form that was made last.</summary>
    public ReadOnlySpan<ulong> Words => _words.AsSpan(0, _length);

    /// <summary>Forgets the last form.</summary>
    public void Begin()
    {
        _numbers.Clear();
        _files.Clear();
        _nodes.Clear();
        _ids.Clear();
        _length = 0;
    }

    /// <summary>Adds an address space.</summary>
    public void Add(char letter, MmImage? image, GraphScope scope)
    {
        Put(image is null ? 0 : (ulong)letter);
        int count = _length;
        Put(0);
        if (image is null)
        {
            return;
        }

        for (int at = 0; at < image.Vmas.Count; at++)
        {
            if (scope.Includes(image.Vmas[at]))
            {
                _words[count]++;
                Add(image.Vmas[at], scope);
            }
        }

        // What is known of nodes: an image lists what its own chains name.
        for (int at = 0; at < image.AnonVmas.Count; at++)
        {
            AnonVmaImage node = image.AnonVmas[at];
            if (_numbers.TryGetValue(node.Id, out int number))
            {
                _nodes[number - 1] = node;
            }
        }
    }

    /// <summary>Adds what is known of every anon_vma met.</summary>
    /// <param name="counts">Whether reference counts are part of the form.</param>
    public void End(ReferenceCounts counts)
    {
        // Numbering a root or parent makes the list longer.
        for (int at = 0; at < _ids.Count; at++)
        {
            AnonVmaImage? node = _nodes[at];
            Put(node is null ? ulong.MaxValue : NumberOf(node.Root));
            Put(node is null ? ulong.MaxValue : NumberOf(node.Parent));
            Put((ulong)(node?.ChildCount ?? -1));
            Put((ulong)(node?.ActiveVmaCount ?? -1));
            Put(counts == ReferenceCounts.Compared ? (ulong)(node?.RefCount ?? -1) : 0);
        }
    }

    private void Add(VmaImage vma, GraphScope scope)
    {
        Put(vma.Start);
        Put(vma.End);
        Put((ulong)(vma.Flags & scope.Flags));
        Put(vma.Pgoff);
        Put(vma.AnonPgoff ?? 0);
        Put(NumberOf(vma.File));
        Put(NumberOf(vma.AnonVma));
        Put((ulong)vma.Chain.Count);
        for (int at = 0; at < vma.Chain.Count; at++)
        {
            Put(NumberOf(vma.Chain[at]));
        }
    }

    private ulong NumberOf(ulong id)
    {
        if (id == 0)
        {
            return 0;
        }

        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, id, out bool known);
        if (!known)
        {
            _ids.Add(id);
            _nodes.Add(null);
            number = _ids.Count;
        }

        return (ulong)number;
    }

    private ulong NumberOf(FileId file)
    {
        if (file.IsNone)
        {
            return 0;
        }

        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_files, file.Value, out bool known);
        number = known ? number : _files.Count;
        return (ulong)number;
    }

    private void Put(ulong word)
    {
        if (_length == _words.Length)
        {
            Array.Resize(ref _words, _length * 2);
        }

        _words[_length++] = word;
    }
}

/// <summary>Whether reference counts of anon_vmas are compared.</summary>
internal enum ReferenceCounts
{
    /// <summary>One side does not know them.</summary>
    Ignored = 0,

    /// <summary>Both sides know them.</summary>
    Compared = 1,
}
