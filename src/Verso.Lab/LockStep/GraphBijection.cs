using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;

namespace Verso.Lab.LockStep;

/// <summary>
/// Whether the anon_vma graphs of two sides are one graph: position by position, chain by chain, the anon_vmas must
/// correspond one to one, over all address spaces compared since <see cref="Begin"/>.
/// </summary>
internal sealed class GraphBijection
{
    private readonly Dictionary<ulong, ulong> _modelledOf = [];
    private readonly Dictionary<ulong, ulong> _realOf = [];

    /// <summary>Nothing corresponds yet.</summary>
    public void Begin()
    {
        _modelledOf.Clear();
        _realOf.Clear();
    }

    /// <summary>The first difference of one address space, or null. Requires: as many VMAs on both sides.</summary>
    public string? Compare(MmImage real, MmImage modelled)
    {
        Invariant.Require(real.Vmas.Count == modelled.Vmas.Count);
        for (int at = 0; at < real.Vmas.Count; at++)
        {
            string? difference = Compare(real.Vmas[at], modelled.Vmas[at]);
            if (difference is not null)
            {
                return $"VMA {at + 1}: {difference}";
            }
        }

        foreach (AnonVmaImage node in real.AnonVmas)
        {
            if (_modelledOf.TryGetValue(node.Id, out ulong id)
                && Compare(node, modelled.AnonVmas.First(each => each.Id == id)) is string difference)
            {
                return difference;
            }
        }

        return null;
    }

    private string? Compare(VmaImage real, VmaImage modelled)
    {
        if (!Pair(real.AnonVma, modelled.AnonVma))
        {
            return real.AnonVma == 0 ? "an anon_vma; kernel none"
                : modelled.AnonVma == 0 ? "no anon_vma; kernel has one" : "another anon_vma";
        }

        if (real.Chain.Count != modelled.Chain.Count)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"a chain of {modelled.Chain.Count}; kernel {real.Chain.Count}");
        }

        for (int link = 0; link < real.Chain.Count; link++)
        {
            if (!Pair(real.Chain[link], modelled.Chain[link]))
            {
                return $"another anon_vma at place {link + 1} of its chain";
            }
        }

        return null;
    }

    private string? Compare(AnonVmaImage real, AnonVmaImage modelled) =>
        !Pair(real.Root, modelled.Root) ? "an anon_vma has another root"
        : !Pair(real.Parent, modelled.Parent) ? "an anon_vma has another parent"
        : real.ChildCount != modelled.ChildCount
            ? $"num_children {modelled.ChildCount}; kernel {real.ChildCount}"
        : real.ActiveVmaCount != modelled.ActiveVmaCount
            ? $"num_active_vmas {modelled.ActiveVmaCount}; kernel {real.ActiveVmaCount}"
        : null;

    /// <summary>They correspond, or are the first to.</summary>
    private bool Pair(ulong real, ulong modelled)
    {
        if (real == 0 || modelled == 0)
        {
            return real == modelled;
        }

        bool isNew = _modelledOf.TryAdd(real, modelled);
        bool isNewThere = _realOf.TryAdd(modelled, real);
        return isNew == isNewThere && _modelledOf[real] == modelled && _realOf[modelled] == real;
    }
}
