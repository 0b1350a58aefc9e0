using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    public override Errno Migrate(MmId mm, ulong address) => Migration.Migrate(this, mm, address);
}

/// <summary>One folio moves to another frame: try_to_migrate, remove_migration_ptes.</summary>
internal static class Migration
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.Migrate"/>.</summary>
        internal Errno Migrate(MmId mm, ulong address)
        {
            Errno errno = machine.FindAnonymous(mm, address, out Pfn old);
            if (errno != Errno.None)
            {
                return errno;
            }

            _ = machine.CollectMappings(old, WalkPurpose.Migrate, out _);
            if (machine.Mappings.Count < machine.Frames[old].MapCount)
            {
                return Errno.EBUSY;
            }

            Pfn fresh = machine.Frames.Allocate(FrameFlags.Anonymous, machine.Frames[old].Index);
            if (fresh.IsNone)
            {
                return Errno.ENOMEM;
            }

            foreach ((MmId Mm, ulong Address) at in machine.Mappings)
            {
                PteRange range = machine.EntryAt(at);
                ref ulong entry = ref machine.Tables.Entry(range.Table, range.First);
                entry = Pte.MakeMigration(fresh, entry);
            }

            machine.TakePlace(old, fresh);
            Restoring<TPages> each = new(machine, fresh);
            _ = machine.WalkEntries(machine.WalkOf(fresh, WalkPurpose.Restore), ref each);
            Invariant.Require(each.Restored == machine.Mappings.Count);
            machine.Counters.Migrated++;
            return Errno.None;
        }

        /// <summary>The new frame is all that the old one was, which is free then.</summary>
        private void TakePlace(Pfn old, Pfn fresh)
        {
            if (machine.Frames.HasContents)
            {
                machine.Frames.Bytes(old).CopyTo(machine.Frames.Bytes(fresh));
            }

            machine.Frames[fresh] = machine.Frames[old];
            machine.Frames[old].MapCount = 0;
            int slot = machine.World.Swap.SlotOf(old);
            if (slot != 0)
            {
                machine.World.Swap.SetFrame(slot, fresh);
            }

            TPages.Replace(machine.Hooks, old, fresh);
            machine.Frames.Free(old);
        }
    }

    /// <summary>Makes the migration entries of a frame present again.</summary>
    private struct Restoring<TPages>(Machine<TPages> machine, Pfn fresh) : FrameWalks.IEntryVisitor
        where TPages : struct, IPageHooks<TPages>
    {
        public int Restored;

        public void Found(MmId mm, ulong address)
        {
            PteRange at = machine.EntryAt((mm, address));
            ref ulong entry = ref machine.Tables.Entry(at.Table, at.First);
            entry = Pte.Make(fresh, entry & (Pte.Write | Pte.Dirty));
            Restored++;
        }
    }
}
