using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// One folio moves to another frame: try_to_migrate, remove_migration_ptes.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    public override Errno Migrate(MmId mm, ulong address)
    {
        Errno errno = FindAnonymous(mm, address, out Pfn old);
        if (errno != Errno.None)
        {
            return errno;
        }

        _ = CollectMappings(old, out _);
        if (_mappings.Count < _frames[old].MapCount)
        {
            return Errno.EBUSY;
        }

        Pfn fresh = _frames.Allocate(FrameFlags.Anonymous, _frames[old].Index);
        if (fresh.IsNone)
        {
            return Errno.ENOMEM;
        }

        foreach ((MmId Mm, ulong Address) at in _mappings)
        {
            PteRange range = EntryAt(at);
            ref ulong entry = ref _tables.Entry(range.Table, range.First);
            entry = Pte.MakeMigration(fresh, entry);
        }

        TakePlace(old, fresh);
        RestoringVisitor visitor = new(this, fresh);
        WalkFrame(fresh, ref visitor);
        Invariant.Require(visitor.Restored == _mappings.Count);
        _counters.Migrated++;
        return Errno.None;
    }

    /// <summary>The new frame is all that the old one was, which is free then.</summary>
    private void TakePlace(Pfn old, Pfn fresh)
    {
        if (_frames.HasContents)
        {
            _frames.Bytes(old).CopyTo(_frames.Bytes(fresh));
        }

        _frames[fresh] = _frames[old];
        _frames[old].MapCount = 0;
        int slot = World.Swap.SlotOf(old);
        if (slot != 0)
        {
            World.Swap.SetFrame(slot, fresh);
        }

        TPages.Replace(_hooks, old, fresh);
        _frames.Free(old);
    }

    /// <summary>Makes the migration entries of a frame present again.</summary>
    private struct RestoringVisitor(Machine<TPages> machine, Pfn fresh) : IWalkVisitor
    {
        public int Restored;

        public WalkStep Visit(MmId mm, ulong address)
        {
            ulong pte = machine.ReadCandidate(mm, address);
            if (Pte.IsMigration(pte) && Pte.Frame(pte) == fresh)
            {
                PteRange at = machine.EntryAt((mm, address));
                machine._tables.Entry(at.Table, at.First) = Pte.Make(fresh, pte & (Pte.Write | Pte.Dirty));
                Restored++;
            }

            return WalkStep.Continue;
        }

        public readonly void Dismiss(int count)
        {
        }
    }
}
