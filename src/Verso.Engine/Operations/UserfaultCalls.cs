using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>userfaultfd (fs/userfaultfd.c), as far as it concerns VMAs.</summary>
public static class UserfaultCalls
{
    private const UserfaultModes EveryMode =
        UserfaultModes.Missing | UserfaultModes.WriteProtect | UserfaultModes.Minor;

    extension(Machine machine)
    {
        /// <summary>
        /// UFFDIO_REGISTER: the context watches a range from now on, in these modes and no others. EINVAL (no or
        /// unknown modes, unaligned, empty, nothing mapped, memory that cannot be watched so), EPERM (never writable),
        /// EBUSY (another context watches), ENOMEM.
        /// </summary>
        /// <param name="mmId">The address space of the context.</param>
        /// <param name="context">A context of <see cref="World.Userfaults"/>.</param>
        /// <param name="start">First byte address; page aligned.</param>
        /// <param name="length">Bytes, whole pages.</param>
        /// <param name="modes">UFFDIO_REGISTER_MODE_*.</param>
        public SyscallResult RegisterUserfault(
            MmId mmId, int context, ulong start, ulong length, UserfaultModes modes)
        {
            if (modes == UserfaultModes.None || (modes & ~EveryMode) != 0 || !machine.IsUserfaultRange(start, length))
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            VmaFlags watched = (modes & UserfaultModes.Missing) != 0 ? VmaFlags.UffdMissing : VmaFlags.None;
            watched |= (modes & UserfaultModes.WriteProtect) != 0 ? VmaFlags.UffdWp : VmaFlags.None;
            watched |= (modes & UserfaultModes.Minor) != 0 ? VmaFlags.UffdMinor : VmaFlags.None;
            Errno refused = machine.MayWatch(mm, context, start, start + length, watched);
            refused = refused == Errno.None ? machine.Refused() : refused;
            return refused != Errno.None ? refused : machine.Watch(mm, context, start, start + length, watched);
        }

        /// <summary>
        /// UFFDIO_UNREGISTER. EINVAL (unaligned, empty, nothing mapped, memory that cannot be watched, watched by
        /// another context), ENOMEM.
        /// </summary>
        public SyscallResult UnregisterUserfault(MmId mmId, int context, ulong start, ulong length)
        {
            if (!machine.IsUserfaultRange(start, length))
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            ulong end = start + length;
            if (!mm.Vmas.Intersects(start, end))
            {
                return Errno.EINVAL;
            }

            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                bool isAnothers = machine.World.Rules.UnregisterIsForOwners
                    && machine.At(id).UserfaultContext != 0 && machine.At(id).UserfaultContext != context;
                if (isAnothers || !machine.IsWatchable(id, context, machine.At(id).Flags & VmaFlags.Userfault))
                {
                    return Errno.EINVAL;
                }
            }

            return machine.Refused() != Errno.None ? machine.Refusal : machine.Watch(mm, 0, start, end, VmaFlags.None);
        }

        /// <summary>
        /// userfaultfd_release: the last descriptor of a context is closed, and nothing is watched by it any more.
        /// </summary>
        public void ReleaseUserfault(MmId mmId, int context)
        {
            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            for (VmaId id = mm.Vmas.Find(0); !id.IsNone;)
            {
                ulong end = machine.At(id).End;
                if (machine.At(id).UserfaultContext == context)
                {
                    _ = machine.SetWatch(mm, id, machine.At(id).Start, end, 0, VmaFlags.None);
                }

                id = mm.Vmas.Find(end);
            }
        }

        /// <summary>validate_range.</summary>
        internal bool IsUserfaultRange(ulong start, ulong length) =>
            Page.IsAligned(start | length) && length != 0 && start >= machine.World.Options.MmapMinAddress
            && start < Page.TaskSize && length <= Page.TaskSize - start;

        private Errno MayWatch(Mm mm, int context, ulong start, ulong end, VmaFlags watched)
        {
            if (!mm.Vmas.Intersects(start, end))
            {
                return Errno.EINVAL;
            }

            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                int now = machine.At(id).UserfaultContext;
                Errno refused = !machine.IsWatchable(id, context, watched) ? Errno.EINVAL
                    : (machine.At(id).Flags & VmaFlags.MayWrite) == 0 ? Errno.EPERM
                    : now != 0 && now != context ? Errno.EBUSY : Errno.None;
                if (refused != Errno.None)
                {
                    return refused;
                }
            }

            return Errno.None;
        }

        /// <summary>
        /// vma_can_userfault: anonymous memory, shared memory, huge pages; of a minor fault the latter two.
        /// </summary>
        private bool IsWatchable(VmaId id, int context, VmaFlags watched)
        {
            ref Vma vma = ref machine.At(id);
            bool isShared = !vma.File.IsNone && !machine.IsSegment(vma)
                && machine.World.Files[vma.File].Kind is FileKind.SharedMemory or FileKind.HugeTlb;
            if ((vma.Flags & VmaFlags.Droppable) != 0 || ((watched & VmaFlags.UffdMinor) != 0 && !isShared))
            {
                return false;
            }

            bool isAsync = (machine.World.Userfaults.FeaturesOf(context) & UserfaultFeatures.WriteProtectAsync) != 0;
            return (isAsync && watched == VmaFlags.UffdWp) || isShared || machine.IsFilledAnonymously(vma);
        }

        /// <summary>userfaultfd_register_range; with context 0 the loop of userfaultfd_unregister.</summary>
        private Errno Watch(Mm mm, int context, ulong start, ulong end, VmaFlags watched)
        {
            while (start < end)
            {
                VmaId id = mm.Vmas.Find(start);
                if (id.IsNone || machine.At(id).Start >= end)
                {
                    break;
                }

                start = Math.Max(start, machine.At(id).Start);
                ulong upTo = Math.Min(machine.At(id).End, end);
                bool isSo = machine.At(id).UserfaultContext == context && (machine.At(id).Flags & watched) == watched;
                if (!isSo && machine.SetWatch(mm, id, start, upTo, context, watched).IsNone)
                {
                    return Errno.ENOMEM;
                }

                start = upTo;
            }

            return Errno.None;
        }

        /// <summary>vma_modify_flags_uffd, userfaultfd_set_ctx. None on ENOMEM.</summary>
        private VmaId SetWatch(Mm mm, VmaId id, ulong start, ulong end, int context, VmaFlags watched)
        {
            VmaFlags flags = (machine.At(id).Flags & ~VmaFlags.Userfault) | watched;
            VmaId changed = machine.ModifyVma(
                machine.RequestInside(mm, id, start, end) with { Flags = flags, UserfaultContext = context });
            if (!changed.IsNone)
            {
                machine.At(changed).Flags = flags | (machine.At(changed).Flags & machine.Sticky);
                machine.At(changed).UserfaultContext = context;
            }

            return changed;
        }

        /// <summary>
        /// dup_userfaultfd: a child's copy is not watched, unless its context asked to be told of forks.
        /// </summary>
        internal void ForkUserfault(ref Vma copy)
        {
            int context = copy.UserfaultContext;
            if ((machine.World.Userfaults.FeaturesOf(context) & UserfaultFeatures.EventFork) != 0)
            {
                copy.UserfaultContext = machine.World.Userfaults.ForkOf(context);
            }
            else
            {
                ForgetUserfault(ref copy);
            }
        }

        /// <summary>
        /// mremap_userfaultfd_prep: neither is what has moved, unless its context asked to be told of that.
        /// </summary>
        internal void MoveUserfault(ref Vma copy)
        {
            if ((machine.World.Userfaults.FeaturesOf(copy.UserfaultContext) & UserfaultFeatures.EventRemap) == 0)
            {
                ForgetUserfault(ref copy);
            }
        }
    }

    /// <summary>userfaultfd_reset_ctx.</summary>
    private static void ForgetUserfault(ref Vma copy)
    {
        copy.UserfaultContext = 0;
        copy.Flags &= ~VmaFlags.Userfault;
    }
}
