using Verso.Engine.Objects;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Lookups;

/// <summary>
/// i_mmap of every inode as an older kernel had it: a design that has one walks the pages of files itself
/// (<see cref="ReverseMap.OwnsFilePages"/>), and so visits what that kernel would have visited.
/// </summary>
/// <remarks>
/// Invariant: the set of an inode is what <see cref="Inode.Mappings"/> lists. The lock is the inode's; that VMAs come,
/// go and change under it is counted where the list is kept.
/// </remarks>
internal sealed class FileMappings(World world, VmaLookup lookup)
{
    private LookupRoot[] _roots = new LookupRoot[16];

    /// <summary>The inode in whose set a VMA is; 0 where in none.</summary>
    private VmaRows<int> _inodeOf = new(world.Vmas);

    /// <summary>VMAs of a file that walks looked at though they did not cover the page.</summary>
    public long Passed => lookup.Passed;

    /// <summary>A VMA with its bounds; no-op where it has no file.</summary>
    public void Enter(VmaId vma)
    {
        FileId file = world.Vmas[vma].File;
        if (file.IsNone)
        {
            return;
        }

        int inode = world.Files[file].Handle;
        if (inode >= _roots.Length)
        {
            Array.Resize(ref _roots, Math.Max(inode + 1, _roots.Length * 2));
        }

        _inodeOf[vma] = inode;
        lookup.Add(ref _roots[inode], vma);
    }

    /// <summary>A VMA goes; no-op where it is in no set.</summary>
    public void Leave(VmaId vma)
    {
        int inode = _inodeOf.Of(vma);
        if (inode != 0)
        {
            lookup.Remove(ref _roots[inode], vma);
            _inodeOf[vma] = 0;
        }
    }

    /// <summary>Bounds are about to change.</summary>
    public void Adjusting(VmaId vma)
    {
        if (lookup.IsSorted && _inodeOf.Of(vma) != 0)
        {
            lookup.Remove(ref _roots[_inodeOf.Of(vma)], vma);
        }
    }

    /// <summary>They have changed.</summary>
    public void Adjusted(VmaId vma)
    {
        if (lookup.IsSorted && _inodeOf.Of(vma) != 0)
        {
            lookup.Add(ref _roots[_inodeOf.Of(vma)], vma);
        }
    }

    /// <summary>rmap_walk_file.</summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        LockId map = world.Files.InodeAt(walk.Key).Lock;
        world.Locks.Begin(map, LockMode.Read);
        long visited = walk.Key < _roots.Length ? lookup.Walk(_roots[walk.Key], walk, ref visitor) : 0;
        world.Locks.End(map, LockMode.Read, visited);
    }

    /// <summary>The first violation as text, or null.</summary>
    public string? Audit()
    {
        foreach (Inode inode in world.Files.Inodes)
        {
            List<VmaId> members = [];
            LookupRoot root = inode.Handle < _roots.Length ? _roots[inode.Handle] : default;
            if (lookup.Audit(root, members) is string broken)
            {
                return $"inode {inode.Handle}: {broken}";
            }

            HashSet<VmaId> listed = [.. inode.Mappings];
            if (members.Count != listed.Count || !listed.SetEquals(members))
            {
                return $"inode {inode.Handle}: {members.Count} VMAs in its set, {listed.Count} map it";
            }
        }

        return null;
    }
}
