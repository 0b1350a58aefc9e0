using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine.Lookups;

/// <summary>
/// Objects that each know the VMAs which may map their pages: Miller's anon_area, Arcangeli's anon_vma. A VMA belongs
/// to one at most; fork, split and mremap put the new VMA beside the old one; an object goes with its last VMA.
/// </summary>
/// <remarks>
/// Invariant: the count of an object is the number of VMAs in its set, and each of these names it.
/// </remarks>
internal sealed partial class VmaGroups(World world, ObjectType type, LockClass lockClass, VmaLookup lookup)
{
    private Arena<Group> _groups = new(world.Ledger, type);
    private VmaRows<int> _groupOf = new(world.Vmas);

    /// <summary>The object of a VMA; 0 where NULL.</summary>
    public int this[VmaId vma] => _groupOf.Of(vma);

    /// <summary>The most VMAs that one object has now.</summary>
    public int LargestCount
    {
        get
        {
            int largest = 0;
            foreach (ref Group group in _groups.Slots.AsSpan(1, _groups.UsedCount - 1))
            {
                largest = Math.Max(largest, group.Count);
            }

            return largest;
        }
    }

    /// <summary>A new object with this VMA alone, or 0 (ENOMEM).</summary>
    public int Create(VmaId vma)
    {
        int group = _groups.Allocate();
        if (group != 0)
        {
            Enter(group, vma);
        }

        return group;
    }

    /// <summary>The VMA joins an object. Requires: it has none.</summary>
    public void Enter(int group, VmaId vma)
    {
        Invariant.Require(this[vma] == 0);
        _groupOf[vma] = group;
        _groups[group].Count++;
        lookup.Add(ref _groups[group].Root, vma);
        world.Locks.Take(LockOf(group), LockMode.Write, 1);
    }

    /// <summary>A VMA without an object joins that of another, if that has one.</summary>
    public void Follow(VmaId source, VmaId vma)
    {
        int group = this[source];
        if (group != 0 && this[vma] == 0)
        {
            Enter(group, vma);
        }
    }

    /// <summary>The VMA lets go of its object, which goes with its last VMA. No-op where it has none.</summary>
    public void Leave(VmaId vma)
    {
        int at = this[vma];
        if (at == 0)
        {
            return;
        }

        ref Group group = ref _groups[at];
        lookup.Remove(ref group.Root, vma);
        _groupOf[vma] = 0;
        world.Locks.Take(LockOf(at), LockMode.Write, 1);
        if (--group.Count == 0)
        {
            world.Locks.Gone(LockOf(at));
            _groups.Free(at);
        }
    }

    /// <summary>Bounds are about to change, under the object's lock.</summary>
    public void Adjusting(VmaId vma)
    {
        int group = this[vma];
        if (group == 0)
        {
            return;
        }

        world.Locks.Begin(LockOf(group), LockMode.Write);
        if (lookup.IsSorted)
        {
            lookup.Remove(ref _groups[group].Root, vma);
        }
    }

    /// <summary>They have changed.</summary>
    public void Adjusted(VmaId vma)
    {
        int group = this[vma];
        if (group == 0)
        {
            return;
        }

        if (lookup.IsSorted)
        {
            lookup.Add(ref _groups[group].Root, vma);
        }

        world.Locks.End(LockOf(group), LockMode.Write, 1);
    }

    /// <summary>Offsets must be linear, and the objects equal, or one of them not there yet.</summary>
    public MergeTests CanJoin(in JoinCandidate candidate)
    {
        MergeTests failed = candidate.TestAnonPgoff();
        return candidate.StateOf.IsNone ? failed : failed | CanBridge(candidate.Target, candidate.StateOf);
    }

    /// <summary>The same of the neighbours of a range that fits both.</summary>
    public MergeTests CanBridge(VmaId left, VmaId right)
    {
        int a = this[left];
        int b = this[right];
        return a == 0 || b == 0 || a == b ? MergeTests.None : MergeTests.AnonVma;
    }

    /// <summary>Offers the places that may map pages of an object, until the visitor stops.</summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        LockId held = LockOf(walk.Key);
        world.Locks.Begin(held, LockMode.Read);
        long visited = lookup.Walk(_groups[walk.Key].Root, walk, ref visitor);
        world.Locks.End(held, LockMode.Read, visited);
    }

    /// <summary>
    /// VMAs whose anon_vmas have one root share an object: they were one VMA, or inherited from one, when it was first
    /// written to.
    /// </summary>
    public Errno Load(IReadOnlyList<LoadedImage> images, Roots which)
    {
        HashSet<ulong>? shared = which == Roots.Shared ? SharedRoots(images) : null;
        Dictionary<ulong, VmaId> firstOf = [];
        foreach (LoadedImage image in images)
        {
            Dictionary<ulong, ulong> roots = image.Roots();
            for (int at = 0; at < image.Vmas.Length; at++)
            {
                ulong anonVma = image.Image.Vmas[at].AnonVma;
                if (anonVma == 0 || shared?.Contains(roots[anonVma]) == false)
                {
                    continue;
                }

                if (firstOf.TryGetValue(roots[anonVma], out VmaId first))
                {
                    Follow(first, image.Vmas[at]);
                }
                else if (Create(image.Vmas[at]) == 0)
                {
                    return Errno.ENOMEM;
                }
                else
                {
                    firstOf.Add(roots[anonVma], image.Vmas[at]);
                }
            }
        }

        return Errno.None;
    }

    private LockId LockOf(int group) => new(lockClass, group);

    private static HashSet<ulong> SharedRoots(IReadOnlyList<LoadedImage> images)
    {
        HashSet<ulong> seen = [];
        HashSet<ulong> shared = [];
        foreach (LoadedImage image in images)
        {
            HashSet<ulong> own = [.. image.Roots().Values];
            foreach (ulong root in own)
            {
                if (!seen.Add(root))
                {
                    shared.Add(root);
                }
            }
        }

        return shared;
    }

    private struct Group : IArenaSlot
    {
        /// <summary>VMAs that have this object; 0 marks a free slot.</summary>
        public int Count;

        public LookupRoot Root;

        public int NextFree { readonly get; set; }
    }
}

/// <summary>Which roots of an image get an object.</summary>
internal enum Roots
{
    /// <summary>Each.</summary>
    All = 0,

    /// <summary>Those that several address spaces have VMAs of.</summary>
    Shared = 1,
}
