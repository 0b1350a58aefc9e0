using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// Reverse-map walks: rmap_walk_anon through the design, rmap_walk_file through the mappings of the inode.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    public override WalkResult Walk(MmId mm, ulong address)
    {
        ulong pte = _tables.Read(_mms[mm], address);
        if (!Pte.HasFrame(pte))
        {
            return default;
        }

        Pfn frame = Pte.Frame(pte);
        CountingVisitor visitor = new(this, frame);
        WalkFrame(frame, ref visitor);
        CountWalk(visitor.Result);
        return visitor.Result;
    }

    private void CountWalk(in WalkResult result)
    {
        _counters.WalkCount++;
        _counters.WalkVisited += result.Visited;
        _counters.WalkUseful += result.Useful;
        _counters.WalkVisitedUntilDone += result.VisitedUntilDone;
    }

    private void WalkFrame<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        if (_frames[frame].IsAnonymous || Structure.OwnsFilePages)
        {
            _hooks.Walk(frame, ref visitor);
        }
        else
        {
            WalkFile(frame, ref visitor);
        }
    }

    /// <summary>
    /// Every mapping of the inode whose page offsets cover the page; i_mmap's interval tree finds the same.
    /// </summary>
    private void WalkFile<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ulong pgoff = _frames[frame].Index;
        Inode inode = World.Files.InodeAt(_frames[frame].Mapping);
        LockId map = inode.Lock;
        World.Locks.Begin(map, LockMode.Read);
        int offered = 0;
        foreach (VmaId id in inode.Mappings)
        {
            ref Vma vma = ref _vmas[id];
            if (pgoff - vma.Pgoff >= vma.Pages)
            {
                continue;
            }

            offered++;
            if (visitor.Visit(vma.Mm, vma.Start + ((pgoff - vma.Pgoff) << Page.Shift)) == WalkStep.Stop)
            {
                break;
            }
        }

        World.Locks.End(map, LockMode.Read, offered);
    }

    /// <summary>The entry that a candidate names; 0 where there is none.</summary>
    private ulong ReadCandidate(MmId mm, ulong address)
    {
        Mm? space = _mms.Find(mm);
        return space is null ? 0 : _tables.Read(space, address);
    }

    /// <summary>Looks at each candidate's entry and counts.</summary>
    private struct CountingVisitor(Machine<TPages> machine, Pfn frame) : IWalkVisitor
    {
        private readonly int _mapCount = machine._frames[frame].MapCount;
        private int _visited;
        private int _useful;
        private int _visitedUntilDone;

        public readonly WalkResult Result =>
            new(_visited, _useful, _useful < _mapCount ? _visited : _visitedUntilDone);

        public WalkStep Visit(MmId mm, ulong address)
        {
            _visited++;
            ulong pte = machine.ReadCandidate(mm, address);
            if (Pte.HasFrame(pte) && Pte.Frame(pte) == frame && ++_useful == _mapCount)
            {
                _visitedUntilDone = _visited;
            }

            return WalkStep.Continue;
        }

        public void Dismiss(int count) => _visited += count;
    }
}
