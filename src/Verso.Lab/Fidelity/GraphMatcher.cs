using System.Runtime.InteropServices;
using Verso.Engine.Images;

namespace Verso.Lab.Fidelity;

/// <summary>
/// Compares the anon_vma graphs of two images of one address space, anchored at VMAs that begin at the same address.
/// </summary>
/// <remarks>
/// The ids of the two sides have nothing to do with each other. Each anchored pair of VMAs proposes that the
/// anon_vmas of its chains, position by position, are the same, and with them their roots and parents. The proposals
/// are counted; the most frequent ones make the bijection, so that one wrong VMA spoils its own place and not that of
/// others. Then every VMA and every anon_vma is judged under that bijection.
/// </remarks>
internal sealed class GraphMatcher
{
    private readonly Dictionary<ulong, AnonVmaImage> _ours = [];
    private readonly Dictionary<ulong, AnonVmaImage> _kernels = [];
    private readonly Dictionary<(ulong Kernels, ulong Ours), int> _votes = [];
    private readonly Dictionary<ulong, ulong> _oursOf = [];
    private readonly Dictionary<ulong, ulong> _kernelsOf = [];
    private readonly CountComparison _counts;

    public GraphMatcher(
        MmImage ours,
        MmImage kernels,
        IEnumerable<(VmaImage Ours, VmaImage Kernels)> anchored,
        CountComparison counts)
    {
        _counts = counts;
        foreach (AnonVmaImage node in ours.AnonVmas)
        {
            _ours[node.Id] = node;
        }

        foreach (AnonVmaImage node in kernels.AnonVmas)
        {
            _kernels[node.Id] = node;
        }

        foreach ((VmaImage our, VmaImage kernel) in anchored)
        {
            Propose(kernel.AnonVma, our.AnonVma);
            int both = Math.Min(our.Chain.Count, kernel.Chain.Count);

            // From the oldest on: a fork adds at the head.
            for (int back = 1; back <= both; back++)
            {
                ProposeNode(kernel.Chain[^back], our.Chain[^back]);
            }
        }

        Elect();
    }

    /// <summary>In what the two VMAs' places in the graph differ.</summary>
    public DifferenceCauses Judge(VmaImage ours, VmaImage kernels)
    {
        DifferenceCauses causes = (ours.AnonVma == 0) != (kernels.AnonVma == 0)
            ? DifferenceCauses.AnonVmaPresence
            : AreSame(kernels.AnonVma, ours.AnonVma) ? 0 : DifferenceCauses.ChainIdentity;
        if (ours.Chain.Count != kernels.Chain.Count)
        {
            return causes | DifferenceCauses.ChainLength;
        }

        for (int at = 0; at < ours.Chain.Count; at++)
        {
            causes |= AreSame(kernels.Chain[at], ours.Chain[at])
                ? JudgeNode(kernels.Chain[at])
                : DifferenceCauses.ChainIdentity;
        }

        return causes;
    }

    /// <summary>How many of the kernel's anon_vmas have a counterpart with the same root, parent and counts.</summary>
    public Agreement Nodes()
    {
        long matched = 0;
        foreach (ulong id in _kernels.Keys)
        {
            matched += _oursOf.ContainsKey(id) && JudgeNode(id) == DifferenceCauses.None ? 1 : 0;
        }

        return new Agreement(matched, _kernels.Count);
    }

    /// <summary>The nodes of a chain as this image knows them.</summary>
    public static IReadOnlyList<AnonVmaImage> NodesOf(MmImage image, VmaImage vma)
    {
        List<AnonVmaImage> nodes = [];
        foreach (ulong id in vma.Chain)
        {
            if (image.AnonVmas.FirstOrDefault(node => node.Id == id) is AnonVmaImage node)
            {
                nodes.Add(node);
            }
        }

        return nodes;
    }

    private bool AreSame(ulong kernels, ulong ours) =>
        kernels == 0 ? ours == 0 : _oursOf.TryGetValue(kernels, out ulong counterpart) && counterpart == ours;

    private DifferenceCauses JudgeNode(ulong kernelsId)
    {
        if (!_kernels.TryGetValue(kernelsId, out AnonVmaImage? kernels)
            || !_ours.TryGetValue(_oursOf[kernelsId], out AnonVmaImage? ours))
        {
            return DifferenceCauses.ChainIdentity;
        }

        DifferenceCauses causes = AreSame(kernels.Root, ours.Root) ? 0 : DifferenceCauses.Root;
        causes |= AreSame(kernels.Parent, ours.Parent) ? 0 : DifferenceCauses.Parent;
        if (_counts == CountComparison.None)
        {
            return causes;
        }

        causes |= kernels.ChildCount == ours.ChildCount ? 0 : DifferenceCauses.ChildCount;
        causes |= kernels.ActiveVmaCount == ours.ActiveVmaCount ? 0 : DifferenceCauses.ActiveVmaCount;
        return causes;
    }

    private void ProposeNode(ulong kernelsId, ulong oursId)
    {
        Propose(kernelsId, oursId);
        if (_kernels.TryGetValue(kernelsId, out AnonVmaImage? kernels)
            && _ours.TryGetValue(oursId, out AnonVmaImage? ours))
        {
            Propose(kernels.Root, ours.Root);
            Propose(kernels.Parent, ours.Parent);
        }
    }

    private void Propose(ulong kernels, ulong ours)
    {
        if (kernels != 0 && ours != 0)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_votes, (kernels, ours), out _)++;
        }
    }

    /// <summary>Most votes first; among equals the lower ids, so that the result is always the same.</summary>
    private void Elect()
    {
        foreach (((ulong kernels, ulong ours), _) in _votes
            .OrderByDescending(vote => vote.Value).ThenBy(vote => vote.Key.Kernels).ThenBy(vote => vote.Key.Ours))
        {
            if (!_oursOf.ContainsKey(kernels) && _kernelsOf.TryAdd(ours, kernels))
            {
                _oursOf.Add(kernels, ours);
            }
        }
    }
}

/// <summary>Whether num_children and num_active_vmas are compared.</summary>
internal enum CountComparison
{
    /// <summary>Nobody could change them while the kernel's state was read.</summary>
    All = 0,

    /// <summary>
    /// Other processes of the family were running: forks and exits of theirs change these counts under no lock that the
    /// reader of one address space holds, so what was read belongs to no single moment.
    /// </summary>
    None = 1,
}
