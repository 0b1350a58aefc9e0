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
    private readonly World _world;
    private Arena<AnonVma> _anonVmas;
    private Arena<AnonVmaChainLink> _links;
    private VmaRows<Row> _rows;

    /// <summary>Whether a VMA may be linked to anon_vmas of ancestors and have none of its own yet.</summary>
    private readonly AnonVmaOwnership _ownership;

    /// <summary>
    /// Whether clones have their chain the other way round. Deferred ownership needs to know which anon_vma is the
    /// newest, so there they never have.
    /// </summary>
    private bool TurnsChains => _world.Rules.ClonesTurnChains && _ownership == AnonVmaOwnership.WithTheChain;

    /// <summary>Whether fork children merge with what has no anon_vma, as before 965f55dea0e3.</summary>
    private readonly bool _mergesForkChildren;

    public AnonVmaGraph(
        World world,
        AnonVmaOwnership ownership = AnonVmaOwnership.WithTheChain,
        bool mergesForkChildren = false)
    {
        _world = world;
        _ownership = ownership;
        _mergesForkChildren = mergesForkChildren;
        _rows = new VmaRows<Row>(world.Vmas);
        _anonVmas = new Arena<AnonVma>(
            world.Ledger, world.Ledger.Register("anon_vma", AnonVma.KernelSize, AnonVma.HeldBytes));
        _links = new Arena<AnonVmaChainLink>(
            world.Ledger, world.Ledger.Register("anon_vma_chain", AnonVmaChainLink.KernelSize));
    }

    /// <summary>What a VMA has of this design.</summary>
    private struct Row
    {
        public AnonVmaPointer Pointer;
        public int Head;
        public int Tail;

        public int AnonVma
        {
            readonly get => Pointer.AnonVma;
            set => Pointer = new AnonVmaPointer(value);
        }
    }

    /// <summary><c>vma->anon_vma</c>; 0 where NULL.</summary>
    public int AnonVmaOf(VmaId vma) => _rows.Of(vma).AnonVma;

    /// <summary>Whether <c>vma->anon_vma</c> is ANON_VMA_UNFAULTED beside NULL.</summary>
    public bool IsUnfaulted(VmaId vma) => _rows.Of(vma).Pointer.IsUnfaulted;

    /// <summary>Sets ANON_VMA_UNFAULTED. Requires: the VMA has no anon_vma.</summary>
    public void MarkUnfaulted(VmaId vma)
    {
        Invariant.Require(RowOf(vma).AnonVma == 0);
        RowOf(vma).Pointer = AnonVmaPointer.Unfaulted;
    }

    /// <summary>Clears it. No-op where there is an anon_vma.</summary>
    public void UnmarkUnfaulted(VmaId vma) => RowOf(vma).AnonVma = RowOf(vma).AnonVma;

    /// <summary><c>anon_vma->root</c>.</summary>
    public int RootOf(int anonVma) => _anonVmas[anonVma].Root;

    /// <summary>anon_vma_lock_write, anon_vma_lock_read: the rwsem of the root.</summary>
    public LockId LockOf(int anonVma) => new(LockClass.AnonVmaRoot, RootOf(anonVma));

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

    private ref Row RowOf(VmaId vma) => ref _rows[vma];

    /// <summary>A new anon_vma that is its own root and parent, or 0 (ENOMEM).</summary>
    private int AllocateAnonVma()
    {
        int anonVma = _anonVmas.Allocate();
        if (anonVma != 0)
        {
            _anonVmas[anonVma] = new AnonVma { Root = anonVma, Parent = anonVma, RefCount = 1 };
        }

        return anonVma;
    }

    private void FreeAnonVma(int anonVma)
    {
        Invariant.Require(_anonVmas[anonVma].Tree == 0);
        if (_anonVmas[anonVma].Root == anonVma)
        {
            _world.Locks.Gone(LockOf(anonVma));
        }

        _anonVmas.Free(anonVma);
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
        anonVma.Tree = Trees.Insert(_links.Slots, anonVma.Tree, link);
    }

    private void RemoveFromTree(int link)
    {
        ref AnonVma anonVma = ref _anonVmas[_links[link].AnonVma];
        anonVma.Tree = Trees.Remove(_links.Slots, anonVma.Tree, link);
    }
}
