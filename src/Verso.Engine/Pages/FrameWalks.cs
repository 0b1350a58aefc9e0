using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// Reverse-map walks: rmap_walk_anon through the design, rmap_walk_file through the mappings of the inode.
/// </summary>
internal static class FrameWalks
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.Walk"/>.</summary>
        internal WalkResult Walk(MmId mm, ulong address)
        {
            ulong pte = machine.Tables.Read(machine.Mms[mm], address);
            if (!Pte.HasFrame(pte))
            {
                return default;
            }

            Pfn frame = Pte.Frame(pte);
            CountingVisitor<TPages> visitor = new(machine, frame);
            machine.WalkFrame(frame, ref visitor);
            machine.CountWalk(visitor.Result);
            return visitor.Result;
        }

        internal void CountWalk(in WalkResult result)
        {
            machine.Counters.WalkCount++;
            machine.Counters.WalkVisited += result.Visited;
            machine.Counters.WalkUseful += result.Useful;
            machine.Counters.WalkVisitedUntilDone += result.VisitedUntilDone;
        }

        internal void WalkFrame<TVisitor>(Pfn frame, ref TVisitor visitor)
            where TVisitor : struct, IWalkVisitor
        {
            if (machine.Frames[frame].IsAnonymous || machine.Structure.OwnsFilePages)
            {
                machine.Hooks.Walk(frame, ref visitor);
            }
            else
            {
                machine.WalkFile(frame, ref visitor);
            }
        }

        /// <summary>
        /// Every mapping of the inode whose page offsets cover the page; i_mmap's interval tree finds the same.
        /// </summary>
        private void WalkFile<TVisitor>(Pfn frame, ref TVisitor visitor)
            where TVisitor : struct, IWalkVisitor
        {
            ulong pgoff = machine.Frames[frame].Index;
            Inode inode = machine.World.Files.InodeAt(machine.Frames[frame].Mapping);
            LockId map = inode.Lock;
            machine.World.Locks.Begin(map, LockMode.Read);
            int offered = 0;
            foreach (VmaId id in inode.Mappings)
            {
                ref Vma vma = ref machine.Vmas[id];
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

            machine.World.Locks.End(map, LockMode.Read, offered);
        }

        /// <summary>The entry that a candidate names; 0 where there is none.</summary>
        internal ulong ReadCandidate(MmId mm, ulong address)
        {
            Mm? space = machine.Mms.Find(mm);
            return space is null ? 0 : machine.Tables.Read(space, address);
        }
    }

    /// <summary>Looks at each candidate's entry and counts.</summary>
    internal struct CountingVisitor<TPages>(Machine<TPages> machine, Pfn frame) : IWalkVisitor
        where TPages : struct, IPageHooks<TPages>
    {
        private readonly int _mapCount = machine.Frames[frame].MapCount;
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
