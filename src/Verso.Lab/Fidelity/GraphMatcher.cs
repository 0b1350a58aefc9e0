using System.Runtime.InteropServices;
using Verso.Engine.Images;

namespace Verso.Lab.Fidelity;

/// <summary>
/// Compares the anon_vma graphs of two images of one address space, anchored at VMAs that begin at the same address.
/// One matcher compares any number of pairs of images, one after the other.
/// </summary>
/// <remarks>
/// The ids of the two sides have nothing to do with each other. Each anchored pair of VMAs proposes that the
/// anon_vmas of its chains, position by position, are the same, and with them their roots and parents. The proposals
/// are counted; the most frequent ones make the bijection, so that one wrong VMA spoils its own place and not that of
/// others. Then every VMA and every anon_vma is judged under that bijection.
/// </remarks>
internal sealed class GraphMatcher
{
    private readonly GraphSide _ours = new();
    private readonly GraphSide _kernels = new();
    private readonly Dictionary<(int Kernels, int Ours), int> _votes = [];
    private int[] _oursOf = new int[64];
    private int[] _kernelsOf = new int[64];
    private Met[] _met = new Met[64];
    private DifferenceCauses[] _verdicts = new DifferenceCauses[64];
    private CountComparison _counts;

    [Flags]
    private enum Met : byte
    {
        /// <summary>An anon_vma of the kernel's image stood in a chain.</summary>
        InChain = 1,

        /// <summary>It was judged.</summary>
        Judged = 2,
    }

    /// <summary>Takes up two images.</summary>
    public void Match(MmImage ours, MmImage kernels, IReadOnlyList<VmaPair> pairs, CountComparison counts)
    {
        _counts = counts;
        _ours.Load(ours);
        _kernels.Load(kernels);
        Forget();
        if (!TryAgree(pairs))
        {
            Forget();
            _votes.Clear();
            foreach (VmaPair pair in pairs)
            {
                Vote(pair);
            }

            ChooseRenaming();
        }
    }

    /// <summary>In what the two VMAs' places in the graph differ.</summary>
    /// <param name="pair">Of the pairs that were taken up; both sides have it.</param>
    public DifferenceCauses Judge(VmaPair pair)
    {
        int ours = _ours.OwnOf(pair.OurPlace);
        int kernels = _kernels.OwnOf(pair.KernelPlace);
        DifferenceCauses causes = (ours == 0) != (kernels == 0)
            ? DifferenceCauses.AnonVmaPresence
            : AreSame(kernels, ours) ? 0 : DifferenceCauses.ChainIdentity;
        ReadOnlySpan<int> ourChain = _ours.Chain(pair.OurPlace);
        ReadOnlySpan<int> kernelChain = _kernels.Chain(pair.KernelPlace);
        if (ourChain.Length != kernelChain.Length)
        {
            return causes | DifferenceCauses.ChainLength;
        }

        for (int at = 0; at < ourChain.Length; at++)
        {
            causes |= AreSame(kernelChain[at], ourChain[at])
                ? VerdictOn(kernelChain[at])
                : DifferenceCauses.ChainIdentity;
        }

        return causes;
    }

    /// <summary>How many of the kernel's anon_vmas have a counterpart with the same root, parent and counts.</summary>
    public Agreement Nodes()
    {
        long matched = 0;
        for (int number = 1; number <= _kernels.Listed; number++)
        {
            matched += _oursOf[number] != 0 && VerdictOn(number) == DifferenceCauses.None ? 1 : 0;
        }

        return new Agreement(matched, _kernels.Listed);
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

    private void Forget()
    {
        Clear(ref _oursOf, _kernels.Count);
        Clear(ref _met, _kernels.Count);
        Clear(ref _verdicts, _kernels.Count);
        Clear(ref _kernelsOf, _ours.Count);
    }

    private static void Clear<T>(ref T[] array, int last)
    {
        if (last < array.Length)
        {
            Array.Clear(array, 0, last + 1);
        }
        else
        {
            array = new T[checked(last * 2)];
        }
    }

    private bool AreSame(int kernels, int ours) => kernels == 0 ? ours == 0 : ours != 0 && _oursOf[kernels] == ours;

    private DifferenceCauses VerdictOn(int kernels)
    {
        if ((_met[kernels] & Met.Judged) == 0)
        {
            _met[kernels] |= Met.Judged;
            _verdicts[kernels] = JudgeNode(kernels);
        }

        return _verdicts[kernels];
    }

    private DifferenceCauses JudgeNode(int number)
    {
        int counterpart = _oursOf[number];
        if (_kernels.Node(number) is not AnonVmaImage kernels || _ours.Node(counterpart) is not AnonVmaImage ours)
        {
            return DifferenceCauses.ChainIdentity;
        }

        DifferenceCauses causes = AreSame(_kernels.RootOf(number), _ours.RootOf(counterpart))
            ? 0
            : DifferenceCauses.Root;
        causes |= AreSame(_kernels.ParentOf(number), _ours.ParentOf(counterpart)) ? 0 : DifferenceCauses.Parent;
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
    private bool TryAgree(IReadOnlyList<VmaPair> pairs)
    {
        foreach (VmaPair pair in pairs)
        {
            if (!pair.IsWhole)
            {
                continue;
            }

            ReadOnlySpan<int> ours = _ours.Chain(pair.OurPlace);
            ReadOnlySpan<int> kernels = _kernels.Chain(pair.KernelPlace);
            if (!Agree(_kernels.OwnOf(pair.KernelPlace), _ours.OwnOf(pair.OurPlace)))
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

    private bool AgreeOnNode(int kernels, int ours)
    {
        if (!Agree(kernels, ours))
        {
            return false;
        }

        if ((_met[kernels] & Met.InChain) != 0 || _kernels.Node(kernels) is null || _ours.Node(ours) is null)
        {
            return true;
        }

        _met[kernels] |= Met.InChain;
        return Agree(_kernels.RootOf(kernels), _ours.RootOf(ours))
            && Agree(_kernels.ParentOf(kernels), _ours.ParentOf(ours));
    }

    private bool Agree(int kernels, int ours)
    {
        if (kernels == 0 || ours == 0)
        {
            return true;
        }

        if (_oursOf[kernels] != 0 || _kernelsOf[ours] != 0)
        {
            return _oursOf[kernels] == ours;
        }

        _oursOf[kernels] = ours;
        _kernelsOf[ours] = kernels;
        return true;
    }

    private void Vote(VmaPair pair)
    {
        if (!pair.IsWhole)
        {
            return;
        }

        Propose(_kernels.OwnOf(pair.KernelPlace), _ours.OwnOf(pair.OurPlace));
        ReadOnlySpan<int> ours = _ours.Chain(pair.OurPlace);
        ReadOnlySpan<int> kernels = _kernels.Chain(pair.KernelPlace);

        // From the oldest on: a fork adds at the head.
        for (int back = 1; back <= Math.Min(ours.Length, kernels.Length); back++)
        {
            ProposeNode(kernels[^back], ours[^back]);
        }
    }

    private void ProposeNode(int kernels, int ours)
    {
        Propose(kernels, ours);
        if (_kernels.Node(kernels) is not null && _ours.Node(ours) is not null)
        {
            Propose(_kernels.RootOf(kernels), _ours.RootOf(ours));
            Propose(_kernels.ParentOf(kernels), _ours.ParentOf(ours));
        }
    }

    private void Propose(int kernels, int ours)
    {
        if (kernels != 0 && ours != 0)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_votes, (kernels, ours), out _)++;
        }
    }

    /// <summary>
    /// Most votes first; among equals what its image names first, so that the result is always the same.
    /// </summary>
    private void ChooseRenaming()
    {
        foreach (((int kernels, int ours), _) in _votes
            .OrderByDescending(vote => vote.Value).ThenBy(vote => vote.Key.Kernels).ThenBy(vote => vote.Key.Ours))
        {
            if (_oursOf[kernels] == 0 && _kernelsOf[ours] == 0)
            {
                _oursOf[kernels] = ours;
                _kernelsOf[ours] = kernels;
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
