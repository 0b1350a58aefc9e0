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
    private readonly HashSet<ulong> _met = [];
    private readonly CountComparison _counts;

    public GraphMatcher(
        MmImage ours,
        MmImage kernels,
        IEnumerable<(VmaImage Ours, VmaImage Kernels)> anchored,
        CountComparison counts)
    {
        _counts = counts;
        _ours.EnsureCapacity(ours.AnonVmas.Count);
        _kernels.EnsureCapacity(kernels.AnonVmas.Count);
        foreach (AnonVmaImage node in ours.AnonVmas)
        {
            _ours[node.Id] = node;
        }

        foreach (AnonVmaImage node in kernels.AnonVmas)
        {
            _kernels[node.Id] = node;
        }

        (VmaImage Ours, VmaImage Kernels)[] pairs = [.. anchored];
        if (!TryAgree(pairs))
        {
            _oursOf.Clear();
            _kernelsOf.Clear();
            foreach ((VmaImage our, VmaImage kernel) in pairs)
            {
                Vote(our, kernel);
            }

            Elect();
        }
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

        ReadOnlySpan<ulong> ourChain = ours.Chain.AsSpan();
        ReadOnlySpan<ulong> kernelChain = kernels.Chain.AsSpan();
        for (int at = 0; at < ourChain.Length; at++)
        {
            causes |= AreSame(kernelChain[at], ourChain[at])
                ? JudgeNode(kernelChain[at])
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
        Dictionary<ulong, AnonVmaImage> known = [];
        foreach (AnonVmaImage node in image.AnonVmas)
        {
            known.TryAdd(node.Id, node);
        }

        return [.. vma.Chain.Where(known.ContainsKey).Select(id => known[id])];
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

    /// <summary>
    /// Whether no two proposals contradict each other: then they are the bijection, and nothing has to be counted. So
    /// it is of nearly all checkpoints, and with chains of thousands counting is what took the time.
    /// </summary>
    private bool TryAgree((VmaImage Ours, VmaImage Kernels)[] pairs)
    {
        _oursOf.EnsureCapacity(_kernels.Count);
        _kernelsOf.EnsureCapacity(_kernels.Count);
        _met.EnsureCapacity(_kernels.Count);
        foreach ((VmaImage our, VmaImage kernel) in pairs)
        {
            ReadOnlySpan<ulong> ours = our.Chain.AsSpan();
            ReadOnlySpan<ulong> kernels = kernel.Chain.AsSpan();
            if (!Agree(kernel.AnonVma, our.AnonVma))
            {
                return false;
            }

            for (int back = 1; back <= Math.Min(ours.Length, kernels.Length); back++)
            {
                if (!AgreeOnNode(kernels[^back], ours[^back]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool AgreeOnNode(ulong kernelsId, ulong oursId)
    {
        if (!Agree(kernelsId, oursId))
        {
            return false;
        }

        return !_met.Add(kernelsId)
            || !_kernels.TryGetValue(kernelsId, out AnonVmaImage? kernels)
            || !_ours.TryGetValue(oursId, out AnonVmaImage? ours)
            || (Agree(kernels.Root, ours.Root) && Agree(kernels.Parent, ours.Parent));
    }

    private bool Agree(ulong kernels, ulong ours)
    {
        if (kernels == 0 || ours == 0)
        {
            return true;
        }

        ref ulong counterpart = ref CollectionsMarshal.GetValueRefOrAddDefault(_oursOf, kernels, out bool known);
        if (known)
        {
            return counterpart == ours;
        }

        counterpart = ours;
        return _kernelsOf.TryAdd(ours, kernels);
    }

    private void Vote(VmaImage our, VmaImage kernel)
    {
        Propose(kernel.AnonVma, our.AnonVma);
        ReadOnlySpan<ulong> ours = our.Chain.AsSpan();
        ReadOnlySpan<ulong> kernels = kernel.Chain.AsSpan();

        // From the oldest on: a fork adds at the head.
        for (int back = 1; back <= Math.Min(ours.Length, kernels.Length); back++)
        {
            ProposeNode(kernels[^back], ours[^back]);
        }
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
