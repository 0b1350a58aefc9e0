using System.Runtime.CompilerServices;
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
        internal WalkResult Walk(MmId mm, ulong address, WalkPurpose purpose)
        {
            ulong pte = machine.Tables.Read(machine.Mms[mm], address);
            if (!Pte.HasFrame(pte))
            {
                return default;
            }

            CountOnly each = default;
            return machine.WalkEntries(machine.WalkOf(Pte.Frame(pte), purpose), ref each);
        }

        /// <summary>The walk of one order-0 folio.</summary>
        internal RmapWalk WalkOf(Pfn frame, WalkPurpose purpose) => new(frame, machine.Frames[frame], purpose);

        /// <summary>
        /// rmap_walk, with page_vma_mapped_walk in it: tells of every entry that maps one of the pages, and counts.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal WalkResult WalkEntries<TEach>(in RmapWalk walk, ref TEach each)
            where TEach : struct, IEntryVisitor
        {
            CheckingVisitor<TPages, TEach> visitor = default;
            visitor.Begin(machine, walk, each);
            WalkedPages pages = machine.Frames[walk.Frame].IsAnonymous ? WalkedPages.Anonymous : WalkedPages.File;
            if (pages == WalkedPages.Anonymous || machine.Structure.OwnsFilePages)
            {
                machine.Hooks.Walk(walk, ref visitor);
            }
            else
            {
                machine.WalkFile(walk, ref visitor);
            }

            each = visitor.Each;
            WalkResult result = visitor.Result;
            machine.Counters.WalksFor(walk.Purpose, pages).Add(result);
            return result;
        }

        /// <summary>
        /// Every mapping of the inode whose page offsets cover one of the pages; i_mmap's interval tree finds the same.
        /// </summary>
        private void WalkFile<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
            where TVisitor : struct, IWalkVisitor
        {
            Inode inode = machine.World.Files.InodeAt(walk.Key);
            LockId map = inode.Lock;
            machine.World.Locks.Begin(map, LockMode.Read);
            int offered = 0;
            foreach (VmaId id in inode.Mappings)
            {
                ref Vma vma = ref machine.Vmas[id];
                if (!walk.Overlaps(vma, vma.Pgoff))
                {
                    continue;
                }

                offered++;
                if (visitor.Visit(walk.In(vma, vma.Pgoff)) == WalkStep.Stop)
                {
                    break;
                }
            }

            machine.World.Locks.End(map, LockMode.Read, offered);
        }
    }

    /// <summary>Is told of each entry that a walk finds: rmap_one, once an entry.</summary>
    internal interface IEntryVisitor
    {
        /// <summary>The entry at this address maps a page of the walk; of a restoring one, waits for it.</summary>
        void Found(MmId mm, ulong address);
    }

    private readonly struct CountOnly : IEntryVisitor
    {
        public void Found(MmId mm, ulong address)
        {
        }
    }

    /// <summary>Looks at the entries of each candidate.</summary>
    private struct CheckingVisitor<TPages, TEach> : IWalkVisitor
        where TPages : struct, IPageHooks<TPages>
        where TEach : struct, IEntryVisitor
    {
        public TEach Each;
        private Machine<TPages> _machine;

        /// <summary>What an entry looks like, in the bits of the mask, that maps the first page.</summary>
        private ulong _wanted;
        private ulong _mask;
        private ulong _first;
        private int _pages;
        private int _mapCount;
        private int _visited;
        private int _found;

        /// <summary>Of those found, the ones that were not the first of their candidate.</summary>
        private int _further;
        private int _visitedUntilDone;

        public readonly WalkResult Result =>
            new(_visited, _found - _further, _found < _mapCount ? _visited : _visitedUntilDone);

        /// <summary>
        /// In place: a constructor's result is copied, and that copy waits for the stores before it (10 ns a walk).
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Begin(Machine<TPages> machine, in RmapWalk walk, in TEach each)
        {
            Each = each;
            _machine = machine;
            bool restores = walk.Purpose == WalkPurpose.Restore;
            _wanted = restores ? Pte.MakeMigration(walk.Frame, 0) : Pte.Make(walk.Frame, 0);
            _mask = restores ? Pte.MigrationMask : Pte.IdentityMask;
            _first = walk.First;
            _pages = walk.Pages;
            _mapCount = machine.Frames[walk.Frame].MapCount;
            for (int page = 1; page < walk.Pages; page++)
            {
                _mapCount += machine.Frames[new Pfn(walk.Frame.Value + page)].MapCount;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public WalkStep Visit(in WalkCandidate candidate)
        {
            _visited++;
            if (_pages == 1)
            {
                Check(_machine.Mms.Find(candidate.Mm), candidate.Address, 0);
            }
            else
            {
                CheckAll(candidate.Mm, candidate.Address, candidate.Index, candidate.Pages);
            }

            return WalkStep.Continue;
        }

        public void Dismiss(int count) => _visited += count;

        /// <summary>A page each, so that the candidate of one page is never written to memory.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void CheckAll(MmId mm, ulong address, ulong index, int pages)
        {
            int before = _found;
            Mm? space = _machine.Mms.Find(mm);
            for (ulong page = 0; page < (ulong)pages; page++)
            {
                Check(space, address + (page << Page.Shift), index - _first + page);
            }

            _further += Math.Max(0, _found - before - 1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Check(Mm? space, ulong address, ulong page)
        {
            if (space is null
                || (_machine.Tables.Read(space, address) & _mask) != _wanted + (page << Pte.FrameShift))
            {
                return;
            }

            Each.Found(space.Id, address);
            if (++_found == _mapCount)
            {
                _visitedUntilDone = _visited;
            }
        }
    }
}
