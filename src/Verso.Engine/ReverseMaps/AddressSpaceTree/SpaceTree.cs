using Verso.Engine.Objects;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

/// <summary>The spaces of a machine and the VMAs that point to them.</summary>
/// <remarks>
/// <code>
///   VMA ──▶ space ──parent, [First, End)──▶ space ──▶ ... ──▶ root, or the space of a file
///             │ entries: pages and holes by index (vm_pgoff counts in the same numbers everywhere, so that an edge
///             │ needs no offset)
///             └ lists: VMAs that use it, child spaces
/// </code>
/// Invariant: a VMA that may write into its space shares no page of it with another VMA or a child's limit.
/// </remarks>
internal sealed partial class SpaceTree
{
    private readonly World _world;
    private readonly TreeSwitches _switches;
    private readonly ObjectType _holeType;
    private readonly SpaceEntries _entries;
    private readonly HeldPages _pages;
    private Arena<AddressSpace> _spaces;
    private VmaRows<VmaLink> _links;

    /// <summary>The space of each inode that somebody maps, by handle.</summary>
    private int[] _fileSpaces = new int[16];

    public SpaceTree(World world, TreeSwitches switches)
    {
        _world = world;
        _switches = switches;
        _links = new VmaRows<VmaLink>(world.Vmas);
        _spaces = new Arena<AddressSpace>(
            world.Ledger, world.Ledger.Register("address_space", AddressSpace.KernelSize));
        _holeType = world.Ledger.Register("space_hole", SpaceEntry.KernelHole);
        _entries = new SpaceEntries(world.Ledger, _holeType);
        _pages = new HeldPages(world);
    }

    /// <summary>The space a VMA points to; 0 where it has none.</summary>
    public int SpaceOf(VmaId vma) => _links.Of(vma).Space;

    /// <summary>Whether a VMA points to the space of its file: it has no private page.</summary>
    public bool IsAtFile(VmaId vma) => _spaces[SpaceOf(vma)].IsFile;

    /// <summary>A fresh mapping: the file's space, or a new one. ENOMEM.</summary>
    public Errno Attach(VmaId vma)
    {
        FileId file = _world.Vmas[vma].File;
        int space = file.IsNone ? AllocateSpace() : SpaceOfFile(_world.Files[file]);
        if (space == 0)
        {
            return Errno.ENOMEM;
        }

        Enter(vma, space, file.IsNone ? LinkFlags.None : LinkFlags.Copies, default);
        return Errno.None;
    }

    /// <summary>A VMA made from another points to the same space, as part of it or as mremap's copy.</summary>
    public void Clone(VmaId source, VmaId fresh, LinkFlags more) =>
        Enter(fresh, SpaceOf(source), LinkOf(source).Flags | more, source);

    /// <summary>fork: both point to the same space, and the first write of either makes a new one.</summary>
    public void Fork(VmaId parent, VmaId child)
    {
        SetCopies(parent);
        Clone(parent, child, LinkFlags.None);
    }

    /// <summary>
    /// Whether a VMA may write into its space. One that is its space's only reference may, if spaces are merged: a new
    /// space would take it over at once.
    /// </summary>
    public bool Owns(VmaId vma)
    {
        ref VmaLink link = ref LinkOf(vma);
        if ((link.Flags & LinkFlags.Copies) == 0)
        {
            return true;
        }

        ref AddressSpace space = ref _spaces[link.Space];
        if (!_switches.Merges || space.IsFile || space.VmaCount != 1 || space.ChildCount != 0)
        {
            return false;
        }

        link.Flags &= ~LinkFlags.Copies;
        space.OwnerCount++;
        SpacesSpared++;
        return true;
    }

    /// <summary>The VMA may write: it gets a new space below its old one if it must. ENOMEM.</summary>
    public Errno MakeWritable(VmaId vma)
    {
        if (Owns(vma))
        {
            return Errno.None;
        }

        (ulong first, ulong end) = RangeOf(vma);
        return Divide(vma, first, end);
    }

    /// <summary>
    /// The VMA gets a space of its own, through which pages [first, end) of its old one are seen. ENOMEM.
    /// </summary>
    private Errno Divide(VmaId vma, ulong first, ulong end)
    {
        int fresh = AllocateSpace();
        if (fresh == 0)
        {
            return Errno.ENOMEM;
        }

        LinkFlags flags = LinkOf(vma).Flags & ~LinkFlags.Copies;
        int old = Leave(vma);
        int file = _spaces[old].File;
        _spaces[fresh].File = file;
        if (first < end)
        {
            Hang(fresh, old, first, end);
        }
        else if (file != 0)
        {
            Hang(fresh, _fileSpaces[file], first, end);
        }

        Enter(vma, fresh, flags, default);
        NoteDepth(fresh);
        NoteBeyondLimit(vma);
        Settle(old);
        return Errno.None;
    }

    /// <summary>The page indexes of a VMA.</summary>
    private (ulong First, ulong End) RangeOf(VmaId vma)
    {
        ref Vma range = ref _world.Vmas[vma];
        return (range.Pgoff, range.Pgoff + range.Pages);
    }

    /// <summary>i_shared_lock of a space.</summary>
    private static LockId LockOf(int space) => new(LockClass.AddressSpace, space);

    private ref VmaLink LinkOf(VmaId vma) => ref _links[vma];

    /// <summary>A VMA joins the list of a space, behind another or at its head.</summary>
    private void Enter(VmaId vma, int space, LinkFlags flags, VmaId behind)
    {
        ref VmaLink link = ref LinkOf(vma);
        Invariant.Require(link.Space == 0 && space != 0);
        ref AddressSpace owner = ref _spaces[space];
        VmaId next = behind.IsNone ? owner.FirstVma : _links.Rows[behind.Value].Next;
        link = new VmaLink { Space = space, Flags = flags, Previous = behind, Next = next };
        if (behind.IsNone)
        {
            owner.FirstVma = vma;
        }
        else
        {
            _links.Rows[behind.Value].Next = vma;
        }

        if (!next.IsNone)
        {
            _links.Rows[next.Value].Previous = vma;
        }

        owner.VmaCount++;
        owner.OwnerCount += (flags & LinkFlags.Copies) == 0 ? 1 : 0;
        _world.Locks.Take(LockOf(space), LockMode.Write, 1);
    }

    /// <summary>A VMA leaves the list of its space, which is returned.</summary>
    private int Leave(VmaId vma)
    {
        VmaLink link = LinkOf(vma);
        ref AddressSpace owner = ref _spaces[link.Space];
        if (link.Previous.IsNone)
        {
            owner.FirstVma = link.Next;
        }
        else
        {
            _links.Rows[link.Previous.Value].Next = link.Next;
        }

        if (!link.Next.IsNone)
        {
            _links.Rows[link.Next.Value].Previous = link.Previous;
        }

        owner.VmaCount--;
        owner.OwnerCount -= (link.Flags & LinkFlags.Copies) == 0 ? 1 : 0;
        _links.Rows[vma.Value] = default;
        _world.Locks.Take(LockOf(link.Space), LockMode.Write, 1);
        return link.Space;
    }

    private void SetCopies(VmaId vma)
    {
        ref VmaLink link = ref LinkOf(vma);
        if ((link.Flags & LinkFlags.Copies) == 0)
        {
            link.Flags |= LinkFlags.Copies;
            _spaces[link.Space].OwnerCount--;
        }
    }

    /// <summary>The space of a file: part of its inode, so it costs nothing.</summary>
    private int SpaceOfFile(Inode inode)
    {
        if (inode.Handle >= _fileSpaces.Length)
        {
            Array.Resize(ref _fileSpaces, Math.Max(inode.Handle + 1, _fileSpaces.Length * 2));
        }

        ref int space = ref _fileSpaces[inode.Handle];
        if (space == 0)
        {
            space = _spaces.Take();
            _spaces[space].IsLive = true;
            _spaces[space].File = inode.Handle;
        }

        return space;
    }

    private int AllocateSpace()
    {
        int space = _spaces.Allocate();
        if (space != 0)
        {
            _spaces[space].IsLive = true;
        }

        return space;
    }
}
