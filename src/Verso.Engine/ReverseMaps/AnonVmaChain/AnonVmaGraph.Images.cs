using Verso.Engine.Images;
using Trees = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.AnonVmaChain.AnonVmaChainLink, Verso.Engine.ReverseMaps.AnonVmaChain.LinksByPgoff>;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

// Graph in, graph out, and the check of its invariants.
internal sealed partial class AnonVmaGraph
{
    /// <summary>What was shown of each anon_vma last, shown again while it is true.</summary>
    private AnonVmaImage?[] _images = [];

    /// <summary>Takes over the graph of images that share it.</summary>
    public Errno Load(IReadOnlyList<LoadedImage> images)
    {
        Dictionary<ulong, int> handles = [];
        List<AnonVmaImage> nodes = [];
        foreach (LoadedImage image in images)
        {
            foreach (AnonVmaImage node in image.Image.AnonVmas)
            {
                if (handles.ContainsKey(node.Id))
                {
                    continue;
                }

                int anonVma = AllocateAnonVma();
                if (anonVma == 0)
                {
                    foreach (int made in handles.Values)
                    {
                        FreeAnonVma(made);
                    }

                    return Errno.ENOMEM;
                }

                handles.Add(node.Id, anonVma);
                nodes.Add(node);
            }
        }

        foreach (AnonVmaImage node in nodes)
        {
            int anonVma = handles[node.Id];
            int root = handles.GetValueOrDefault(node.Root, anonVma);
            _anonVmas[anonVma].Root = root;
            _anonVmas[anonVma].Parent = handles.GetValueOrDefault(node.Parent, anonVma);
            _anonVmas[anonVma].ChildCount = (int)node.ChildCount;
            _anonVmas[anonVma].ActiveVmaCount = (int)node.ActiveVmaCount;
            _anonVmas[root].RefCount += root == anonVma ? 0 : 1;
        }

        foreach (LoadedImage image in images)
        {
            Errno errno = LoadChains(image.Image, image.Vmas, handles);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    /// <summary>The graph as one VMA sees it. Its anon_vmas, their parents and roots go to a list.</summary>
    public AnonVmaView View(VmaId vma, AnonVmaList nodes)
    {
        int length = 0;
        for (int link = RowOf(vma).Head; link != 0; link = _links[link].Older)
        {
            length++;
        }

        ulong[] chain = new ulong[length];
        int at = 0;
        for (int link = RowOf(vma).Head; link != 0; link = _links[link].Older)
        {
            int anonVma = _links[link].AnonVma;
            chain[at++] = (ulong)anonVma;
            AddTo(nodes, anonVma);
            AddTo(nodes, _anonVmas[anonVma].Parent);
        }

        if (length != 0)
        {
            AddTo(nodes, _anonVmas[_links[RowOf(vma).Head].AnonVma].Root);
        }

        return new AnonVmaView((ulong)RowOf(vma).AnonVma, chain);
    }

    private void AddTo(AnonVmaList nodes, int anonVma)
    {
        if (!nodes.IsNew((ulong)anonVma))
        {
            return;
        }

        if (_images.Length < _anonVmas.Slots.Length)
        {
            Array.Resize(ref _images, _anonVmas.Slots.Length);
        }

        ref AnonVma node = ref _anonVmas[anonVma];
        AnonVmaImage? image = _images[anonVma];
        if (image is null || image.Root != (ulong)node.Root || image.Parent != (ulong)node.Parent
            || image.ChildCount != node.ChildCount || image.ActiveVmaCount != node.ActiveVmaCount
            || image.RefCount != node.RefCount)
        {
            image = new AnonVmaImage(
                (ulong)anonVma, (ulong)node.Root, (ulong)node.Parent, node.ChildCount, node.ActiveVmaCount)
            {
                RefCount = node.RefCount,
            };
            _images[anonVma] = image;
        }

        nodes.Add(image);
    }

    /// <summary>The first broken invariant as text, or null. Costs a pass over everything.</summary>
    public string? Audit()
    {
        int[] active = new int[_anonVmas.UsedCount];
        int[] linked = new int[_anonVmas.UsedCount];
        for (int vma = 1; vma < _rows.Rows.Length; vma++)
        {
            string? broken = AuditRow(new VmaId(vma), active, linked);
            if (broken is not null)
            {
                return broken;
            }
        }

        int[] children = new int[_anonVmas.UsedCount];
        for (int at = 1; at < _anonVmas.UsedCount; at++)
        {
            if (_anonVmas[at].Tree != 0)
            {
                children[_anonVmas[at].Parent]++;
            }
        }

        for (int at = 1; at < _anonVmas.UsedCount; at++)
        {
            string? broken = _anonVmas[at].Root == 0 ? null : AuditAnonVma(at, active, linked, children);
            if (broken is not null)
            {
                return broken;
            }
        }

        return null;
    }

    private Errno LoadChains(MmImage image, ReadOnlySpan<VmaId> vmas, Dictionary<ulong, int> handles)
    {
        for (int i = 0; i < vmas.Length; i++)
        {
            VmaImage vma = image.Vmas[i];
            for (int at = vma.Chain.Count - 1; at >= 0; at--)
            {
                int link = _links.Allocate();
                if (link == 0)
                {
                    return Errno.ENOMEM;
                }

                Link(vmas[i], link, handles[vma.Chain[at]]);
            }

            RowOf(vmas[i]).AnonVma = vma.AnonVma == 0 ? 0 : handles[vma.AnonVma];
        }

        return Errno.None;
    }

    private string? AuditRow(VmaId vma, int[] active, int[] linked)
    {
        ref Row row = ref RowOf(vma);
        if (row.AnonVma == 0 && (row.Head == 0 || _ownership == AnonVmaOwnership.WithTheChain))
        {
            return row.Head == 0 ? null : $"{vma} has a chain but no anon_vma";
        }

        if (_world.Vmas[vma].Mm.IsNone)
        {
            return $"{vma} is free but still linked";
        }

        int root = _anonVmas[_links[row.Head].AnonVma].Root;
        bool own = row.AnonVma == 0;
        for (int link = row.Head; link != 0; link = _links[link].Older)
        {
            int anonVma = _links[link].AnonVma;
            linked[anonVma]++;
            own |= anonVma == row.AnonVma;
            if (_anonVmas[anonVma].Root != root)
            {
                return $"{vma} is linked to anon_vmas of two roots";
            }

            if (_links[link].Tree.First != _world.Vmas[vma].AnonPgoff)
            {
                return $"{vma} stands in a tree at an offset it no longer has";
            }
        }

        active[row.AnonVma] += row.AnonVma == 0 ? 0 : 1;
        return own ? null : $"{vma} is not linked to its own anon_vma";
    }

    private string? AuditAnonVma(int at, int[] active, int[] linked, int[] children)
    {
        ref AnonVma node = ref _anonVmas[at];
        if (node.ActiveVmaCount != active[at])
        {
            return $"anon_vma {at}: {node.ActiveVmaCount} active VMAs counted, {active[at]} found";
        }

        if (node.ChildCount != children[at])
        {
            return $"anon_vma {at}: {node.ChildCount} children counted, {children[at]} found";
        }

        return Trees.Count(_links.Slots, node.Tree) == linked[at] ? null : $"anon_vma {at}: tree and lists differ";
    }
}
