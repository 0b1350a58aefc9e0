using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>madvise (mm/madvise.c).</summary>
public static class MadviseCall
{
    /// <summary>What prctl asks of the same walk (__MADV_SET_ANON_VMA_NAME).</summary>
    internal const Advice NameGiven = (Advice)(-1);

    extension(Machine machine)
    {
        /// <summary>
        /// madvise. EINVAL (unknown or unsuitable advice, unaligned), ENOMEM (a hole: the rest has been advised all the
        /// same), EAGAIN (too many VMAs, allocation failed), EFAULT and ENOMEM of populating, EACCES, EPERM (sealed).
        /// </summary>
        public SyscallResult Madvise(MmId mmId, ulong address, ulong length, Advice advice)
        {
            bool isUnknown = !machine.World.Rules.Guards && advice is (Advice.GuardInstall or Advice.GuardRemove);
            if (!Enum.IsDefined(advice) || isUnknown || !Page.IsAligned(address))
            {
                return Errno.EINVAL;
            }

            ulong end = unchecked(address + Page.AlignUp(length));
            if ((length != 0 && Page.AlignUp(length) == 0) || end < address)
            {
                return Errno.EINVAL;
            }

            if (end == address)
            {
                return SyscallResult.Ok();
            }

            Mm mm = machine.World.Mms[mmId];
            LockMode mode = ChangesFlags(advice) ? LockMode.Write : LockMode.Read;
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, mode);
            return advice is Advice.PopulateRead or Advice.PopulateWrite
                ? machine.AdvisePopulate(mm, address, end, advice)
                : machine.AdviseVmas(mm, address, end, advice);
        }

        /// <summary>madvise_walk_vmas: holes are remembered, not fatal.</summary>
        internal Errno AdviseVmas(Mm mm, ulong start, ulong end, Advice advice, int name = 0)
        {
            Errno holes = Errno.None;
            while (start < end)
            {
                VmaId id = mm.Vmas.Find(start);
                if (id.IsNone)
                {
                    return Errno.ENOMEM;
                }

                if (machine.At(id).Start > start)
                {
                    holes = Errno.ENOMEM;
                    start = machine.At(id).Start;
                    if (start >= end)
                    {
                        break;
                    }
                }

                // Where the kernel asked no one knows: at the last VMA nothing of it is done.
                ulong upTo = Math.Min(machine.At(id).End, end);
                Errno error = advice == NameGiven ? Errno.None : machine.WhyNotAdvised(id, advice);
                error = error == Errno.None && upTo == end ? machine.Refused() : error;
                if (error != Errno.None)
                {
                    return error;
                }

                error = advice == NameGiven
                    ? machine.NameVma(mm, id, start, upTo, name)
                    : machine.AdviseVma(mm, id, start, upTo, advice);
                if (error != Errno.None)
                {
                    return error;
                }

                start = upTo;
            }

            return holes;
        }

        /// <summary>What forbids an advice for a VMA as such, before anything is done to it.</summary>
        private Errno WhyNotAdvised(VmaId id, Advice advice)
        {
            ref Vma vma = ref machine.At(id);
            VmaFlags old = vma.Flags;
            if (machine.IsKeptFrom(id, advice))
            {
                return Errno.EPERM;
            }

            if (advice == Advice.Remove && (old & VmaFlags.Locked) == 0 && !vma.File.IsNone)
            {
                const VmaFlags SharedWritable = VmaFlags.Shared | VmaFlags.MayWrite;
                return (old & SharedWritable) == SharedWritable ? Errno.None : Errno.EACCES;
            }

            const VmaFlags NotOnLru = VmaFlags.Locked | VmaFlags.PfnMap | VmaFlags.HugeTlb;
            const VmaFlags Unguarded = VmaFlags.Special | VmaFlags.HugeTlb;
            bool isAnonymous = machine.IsFilledAnonymously(vma);
            bool droppable = (old & VmaFlags.Droppable) != 0;
            bool refused = advice switch
            {
                Advice.Remove => true,
                Advice.DontNeed => (old & (VmaFlags.PfnMap | VmaFlags.Locked)) != 0,
                Advice.DontNeedLocked => (old & VmaFlags.PfnMap) != 0,
                Advice.Free => (old & (VmaFlags.PfnMap | VmaFlags.Locked)) != 0 || !isAnonymous,
                Advice.Cold or Advice.PageOut => (old & NotOnLru) != 0,
                Advice.GuardInstall or Advice.GuardRemove =>
                    (old & (Unguarded | (advice == Advice.GuardInstall ? VmaFlags.Locked : VmaFlags.None))) != 0
                    || (!isAnonymous && !machine.World.Rules.FileGuards),
                Advice.DoFork => (old & VmaFlags.Io) != 0,
                Advice.WipeOnFork => !vma.IsAnonymous || (old & VmaFlags.Shared) != 0,
                Advice.KeepOnFork => droppable,
                Advice.DoDump => droppable || ((old & VmaFlags.HugeTlb) == 0 && (old & VmaFlags.Special) != 0),
                _ => false,
            };
            return refused ? Errno.EINVAL : Errno.None;
        }

        /// <summary>madvise_vma_behavior, for a VMA that allows it.</summary>
        private Errno AdviseVma(Mm mm, VmaId id, ulong start, ulong end, Advice advice)
        {
            switch (advice)
            {
                case Advice.DontNeed:
                case Advice.DontNeedLocked:
                    return machine.DiscardRange(id, start, end);
                case Advice.Free:
                    machine.LazyFreeRange(id, start, end);
                    return Errno.None;
                case Advice.GuardInstall:
                case Advice.GuardRemove:
                    return machine.AdviseGuard(id, start, end, advice);
                case Advice.PageOut:
                    machine.ReclaimFreed(id, start, end);
                    return Errno.None;
                case Advice.Cold:
                case Advice.WillNeed:
                    return Errno.None;
                case Advice.Collapse:
                    return machine.Collapse(id, start, end);
                case Advice.Remove:
                    machine.PunchHole(machine.At(id).File, machine.At(id).PgoffAt(start) << Page.Shift, end - start);
                    return Errno.None;
                default:
                    return machine.AdviseFlags(mm, id, start, end, advice);
            }
        }

        /// <summary>madvise_vma_behavior for advice that only changes flags.</summary>
        private Errno AdviseFlags(Mm mm, VmaId id, ulong start, ulong end, Advice advice)
        {
            VmaFlags old = machine.At(id).Flags;
            VmaFlags flags = advice switch
            {
                Advice.Normal => old & ~(VmaFlags.RandRead | VmaFlags.SeqRead),
                Advice.Sequential => (old & ~VmaFlags.RandRead) | VmaFlags.SeqRead,
                Advice.Random => (old & ~VmaFlags.SeqRead) | VmaFlags.RandRead,
                Advice.DontFork => old | VmaFlags.DontCopy,
                Advice.DoFork => old & ~VmaFlags.DontCopy,
                Advice.WipeOnFork => old | VmaFlags.WipeOnFork,
                Advice.KeepOnFork => old & ~VmaFlags.WipeOnFork,
                Advice.DontDump => old | VmaFlags.DontDump,
                Advice.DoDump => old & ~VmaFlags.DontDump,
                Advice.HugePage => (old & ~VmaFlags.NoHugePage) | VmaFlags.HugePage,
                Advice.NoHugePage => (old & ~VmaFlags.HugePage) | VmaFlags.NoHugePage,
                Advice.Mergeable => (old & MemoryMergeCall.NeverMergeable) != 0 ? old : old | VmaFlags.Mergeable,
                _ => old & ~VmaFlags.Mergeable,
            };

            // madvise says EAGAIN where others say ENOMEM.
            return flags != old && machine.ModifyFlags(mm, id, start, end, flags).IsNone
                ? machine.WhyNotModified(id, Errno.EAGAIN)
                : Errno.None;
        }

        /// <summary>madvise_guard_install, madvise_guard_remove: the flag stays when the markers go.</summary>
        private Errno AdviseGuard(VmaId id, ulong start, ulong end, Advice advice)
        {
            if (advice == Advice.GuardRemove)
            {
                machine.RemoveGuards(id, start, end);
                machine.Structure.UnmarkGuards(id, start, end);
                return Errno.None;
            }

            GuardMarks marks = machine.Structure.GuardMarksOf(id);
            Errno error = machine.PrepareForGuards(id, PrepareOutcome.Derive);
            if (error != Errno.None)
            {
                return error;
            }

            machine.Structure.MarkGuards(id);
            machine.At(id).Flags |= (marks & GuardMarks.StickyFlag) != 0 ? VmaFlags.MaybeGuard : VmaFlags.None;
            error = machine.DiscardRange(id, start, end);
            return error == Errno.None ? machine.InstallGuards(id, start, end) : error;
        }

        /// <summary>Pages lose their contents; guard markers stay.</summary>
        internal Errno DiscardRange(VmaId id, ulong start, ulong end)
        {
            if (!machine.At(id).IsShared
                && machine.Structure.Discard(id, start, end, UnmapReason.Discard) != Errno.None)
            {
                return Errno.ENOMEM;
            }

            machine.ZapRange(id, start, end, UnmapReason.Discard);
            return Errno.None;
        }

        /// <summary>madvise_populate: unlike mlock it reports what stops it.</summary>
        private Errno AdvisePopulate(Mm mm, ulong start, ulong end, Advice advice)
        {
            for (ulong at = start; at < end;)
            {
                VmaId id = mm.Vmas.Lookup(at);
                if (id.IsNone)
                {
                    return Errno.ENOMEM;
                }

                VmaFlags needed = advice == Advice.PopulateWrite ? VmaFlags.Write : VmaFlags.Read;
                if ((machine.At(id).Flags & (VmaFlags.Io | VmaFlags.PfnMap)) != 0
                    || (machine.At(id).Flags & needed) == 0)
                {
                    return Errno.EINVAL;
                }

                ulong upTo = Math.Min(machine.At(id).End, end);
                if (machine.World.Options.Population == Population.ByCall)
                {
                    FaultAccess access = advice == Advice.PopulateWrite ? FaultAccess.Write : FaultAccess.Read;
                    Errno error = machine.Populate(mm.Id, at, upTo - at, access);
                    if (error != Errno.None)
                    {
                        return error;
                    }
                }

                at = upTo;
            }

            return Errno.None;
        }
    }

    private static bool ChangesFlags(Advice advice) => advice is Advice.Normal or Advice.Random or Advice.Sequential
        or Advice.DontFork or Advice.DoFork or Advice.WipeOnFork or Advice.KeepOnFork or Advice.DontDump
        or Advice.DoDump or Advice.Mergeable or Advice.Unmergeable or Advice.HugePage or Advice.NoHugePage;
}
