using Verso.Engine.Vmas;
using Trees = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.AnonVmaChain.AnonVmaChainLink, Verso.Engine.ReverseMaps.AnonVmaChain.LinksByPgoff>;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>
/// The anon_vmas and chains of a machine, in arenas by int handle, with one list a VMA and one tree an anon_vma.
/// </summary>
/// <remarks>
/// <code>
///  VMA ──▶ head ⇄ link ⇄ tail        newest first; the tail is the root's
///            │      │      │
///            ▼      ▼      ▼
///          anon_vma ... ancestors    each with a tree of the links of every VMA that may map its folios
/// </code>
/// Invariant: a VMA without anon_vma has an empty list, unless ownership is deferred; all links of a VMA lead to
/// anon_vmas of one root.
/// Structure and rules: mm/rmap.c of 6.18.44.
/// </remarks>
internal sealed partial class AnonVmaGraph
{
    private const int ManyLinks = 1 << 20;

    private readonly World _world;
    private readonly ObjectType _anonVmaType;
    private readonly ObjectType _linkType;
    private AnonVma[] _anonVmas = new AnonVma[64];
    private AnonVmaChainLink[] _links = new AnonVmaChainLink[64];
    private int _anonVmaUsed = 1;
    private int _linkUsed = 1;

    /// <summary>Free slots are chained: anon_vmas through Parent, links through Older. 0 ends the chain.</summary>
    private int _anonVmaFree;
    private int _linkFree;

    private Row[] _rows = new Row[64];

    /// <summary>Whether a VMA may be linked to anon_vmas of ancestors and have none of its own yet.</summary>
    private readonly AnonVmaOwnership _ownership;

    /// <summary>
    /// Whether clones have their chain the other way round. Deferred ownership needs to know which anon_vma is the
    /// newest, so there they never have.
    /// </summary>
    private bool TurnsChains => _world.Rules.ClonesTurnChains && _ownership == AnonVmaOwnership.WithTheChain;

    public AnonVmaGraph(World world, AnonVmaOwnership ownership = AnonVmaOwnership.WithTheChain)
    {
        _world = world;
        _ownership = ownership;
        _anonVmaType = world.Ledger.Register("anon_vma", AnonVma.KernelSizeBytes, AnonVma.HeldBytes);
        _linkType = world.Ledger.Register("anon_vma_chain", AnonVmaChainLink.KernelSizeBytes);
    }

    /// <summary>What a VMA has of this design.</summary>
    private struct Row
    {
        public int AnonVma;
        public int Head;
        public int Tail;
    }

    /// <summary><c>vma->anon_vma</c>; 0 where NULL.</summary>
    public int AnonVmaOf(VmaId vma) => vma.Value < _rows.Length ? _rows[vma.Value].AnonVma : 0;

    /// <summary><c>anon_vma->root</c>.</summary>
    public int RootOf(int anonVma) => _anonVmas[anonVma].Root;

    /// <summary>The newest anon_vma of the chain; 0 where that is empty. Equal ones have equal chains.</summary>
    public int NewestOf(VmaId vma) => vma.IsNone || RowOf(vma).Head == 0 ? 0 : _links[RowOf(vma).Head].AnonVma;

    /// <summary>list_is_singular(&amp;vma->anon_vma_chain): faulted and never a fork child.</summary>
    public bool IsSingular(VmaId vma)
    {
        ref Row row = ref RowOf(vma);
        return row.Head != 0 && row.Head == row.Tail;
    }

    /// <summary>vma_is_fork_child: faulted, and folios of ancestors may be mapped here.</summary>
    public bool IsForkChild(VmaId vma) => !vma.IsNone && AnonVmaOf(vma) != 0 && !IsSingular(vma);

    /// <summary>
    /// Whether a folio mapped in this VMA may be mapped by another address space, as far as anon_vmas tell: it was
    /// forked from another, or a fork child is linked to its anon_vma (a VMA in the tree whose own is another).
    /// </summary>
    public bool MayShareFolios(VmaId vma)
    {
        int own = AnonVmaOf(vma);
        return own != 0 && (!IsSingular(vma) || HasOthers(_anonVmas[own].Tree, own));
    }

    private bool HasOthers(int top, int own) =>
        top != 0 && (AnonVmaOf(_links[top].Vma) != own
            || HasOthers(_links[top].Tree.Left, own) || HasOthers(_links[top].Tree.Right, own));

    private ref Row RowOf(VmaId vma)
    {
        if (vma.Value >= _rows.Length)
        {
            Array.Resize(ref _rows, Math.Max(_world.Vmas.Capacity, vma.Value + 1));
        }

        return ref _rows[vma.Value];
    }

    /// <summary>A new anon_vma that is its own root and parent, or 0 (ENOMEM).</summary>
    private int AllocateAnonVma()
    {
        if (!_world.Ledger.TryAllocate(_anonVmaType))
        {
            return 0;
        }

        int slot = _anonVmaFree;
        if (slot != 0)
        {
            _anonVmaFree = _anonVmas[slot].Parent;
        }
        else
        {
            slot = _anonVmaUsed++;
            if (slot == _anonVmas.Length)
            {
                Array.Resize(ref _anonVmas, slot * 2);
            }
        }

        _anonVmas[slot] = new AnonVma { Root = slot, Parent = slot, RefCount = 1 };
        return slot;
    }

    private void FreeAnonVma(int anonVma)
    {
        Invariant.Require(_anonVmas[anonVma].Tree == 0);
        _anonVmas[anonVma] = new AnonVma { Parent = _anonVmaFree };
        _anonVmaFree = anonVma;
        _world.Ledger.Release(_anonVmaType);
    }

    /// <summary>put_anon_vma: the last reference frees it, and then lets go of its root.</summary>
    private void Put(int anonVma)
    {
        if (--_anonVmas[anonVma].RefCount > 0)
        {
            return;
        }

        int root = _anonVmas[anonVma].Root;
        FreeAnonVma(anonVma);
        if (root != anonVma && --_anonVmas[root].RefCount == 0)
        {
            FreeAnonVma(root);
        }
    }

    /// <summary>A new, unlinked chain link, or 0 (ENOMEM).</summary>
    private int AllocateLink()
    {
        if (!_world.Ledger.TryAllocate(_linkType))
        {
            return 0;
        }

        int slot = _linkFree;
        if (slot != 0)
        {
            _linkFree = _links[slot].Older;
        }
        else
        {
            slot = _linkUsed++;
            if (slot == _links.Length)
            {
                // A deep family has tens of millions: then half of a doubled array would be waste.
                Array.Resize(ref _links, slot + (slot < ManyLinks ? slot : slot / 4));
            }
        }

        _links[slot] = default;
        return slot;
    }

    private void FreeLink(int link)
    {
        _links[link] = new AnonVmaChainLink { Older = _linkFree };
        _linkFree = link;
        _world.Ledger.Release(_linkType);
    }

    /// <summary>anon_vma_chain_link: at the head of the VMA's list and into the anon_vma's tree.</summary>
    private void Link(VmaId vma, int link, int anonVma)
    {
        ref Row row = ref RowOf(vma);
        ref AnonVmaChainLink node = ref _links[link];
        node.Vma = vma;
        node.AnonVma = anonVma;
        node.Newer = 0;
        node.Older = row.Head;
        if (row.Head != 0)
        {
            _links[row.Head].Newer = link;
        }
        else
        {
            row.Tail = link;
        }

        row.Head = link;
        InsertIntoTree(link);
    }

    private void InsertIntoTree(int link)
    {
        ref AnonVmaChainLink node = ref _links[link];
        ref Vma vma = ref _world.Vmas[node.Vma];
        node.Tree.First = vma.AnonPgoff;
        node.Tree.Last = vma.AnonPgoff + vma.Pages - 1;
        ref AnonVma anonVma = ref _anonVmas[node.AnonVma];
        anonVma.Tree = Trees.Insert(_links, anonVma.Tree, link);
    }

    private void RemoveFromTree(int link)
    {
        ref AnonVma anonVma = ref _anonVmas[_links[link].AnonVma];
        anonVma.Tree = Trees.Remove(_links, anonVma.Tree, link);
    }
}
