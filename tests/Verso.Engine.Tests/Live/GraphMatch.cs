using Verso.Engine.Images;

namespace Verso.Engine.Tests.Live;

/// <summary>
/// Whether two anon_vma graphs are the same but for the names of their nodes: chains in order, parents, roots,
/// counts, and
/// page offsets, under one bijection over all processes.
/// </summary>
internal sealed class GraphMatch
{
    private readonly Dictionary<ulong, ulong> _real = [];
    private readonly Dictionary<ulong, ulong> _modelled = [];

    /// <summary>The first difference between what two processes have, or null.</summary>
    public string? Compare(MmImage real, MmImage modelled)
    {
        Dictionary<ulong, AnonVmaImage> nodes = modelled.AnonVmas.ToDictionary(node => node.Id);
        Dictionary<ulong, VmaImage> byStart = modelled.Vmas.ToDictionary(vma => vma.Start);
        foreach (VmaImage vma in real.Vmas)
        {
            // The gate VMA above user space belongs to nobody.
            if (vma.Start > Page.TaskSize)
            {
                continue;
            }

            string? difference = byStart.TryGetValue(vma.Start, out VmaImage? twin)
                ? CompareVmas(vma, twin)
                : "no such VMA";
            if (difference is not null)
            {
                return $"VMA {vma.Start:x}-{vma.End:x}: {difference}";
            }
        }

        foreach (AnonVmaImage node in real.AnonVmas)
        {
            AnonVmaImage twin = nodes[_real[node.Id]];
            string? difference = CompareNodes(node, twin);
            if (difference is not null)
            {
                return $"anon_vma {node.Id:x}, in the engine {twin.Id}: {difference}";
            }
        }

        return null;
    }

    private string? CompareVmas(VmaImage real, VmaImage modelled)
    {
        if (!AreSame(real.AnonVma, modelled.AnonVma))
        {
            return $"its anon_vma is {real.AnonVma:x}, in the engine {modelled.AnonVma}";
        }

        if (real.Pgoff != modelled.Pgoff)
        {
            return $"its pgoff is {real.Pgoff:x}, in the engine {modelled.Pgoff:x}";
        }

        bool same = real.Chain.Count == modelled.Chain.Count;
        for (int at = 0; same && at < real.Chain.Count; at++)
        {
            same = AreSame(real.Chain[at], modelled.Chain[at]);
        }

        return same ? null
            : $"its chain is {string.Join(' ', real.Chain.Select(id => $"{id:x}"))}, "
            + $"in the engine {string.Join(' ', modelled.Chain)}";
    }

    private string? CompareNodes(AnonVmaImage real, AnonVmaImage modelled)
    {
        if (real.ChildCount != modelled.ChildCount || real.ActiveVmaCount != modelled.ActiveVmaCount)
        {
            return $"{real.ChildCount} children and {real.ActiveVmaCount} active VMAs, "
                + $"in the engine {modelled.ChildCount} and {modelled.ActiveVmaCount}";
        }

        return !AreSame(real.Parent, modelled.Parent) ? "another parent"
            : !AreSame(real.Root, modelled.Root) ? "another root" : null;
    }

    private bool AreSame(ulong real, ulong modelled)
    {
        if (real == 0 || modelled == 0)
        {
            return real == modelled;
        }

        _real.TryAdd(real, modelled);
        _modelled.TryAdd(modelled, real);
        return _real[real] == modelled && _modelled[modelled] == real;
    }
}
