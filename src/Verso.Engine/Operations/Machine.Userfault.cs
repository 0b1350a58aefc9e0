using Verso.Engine.Vmas;

namespace Verso.Engine;

// userfaultfd (fs/userfaultfd.c), as far as it concerns VMAs.
public abstract partial class Machine
{
    private const UserfaultModes EveryMode =
        UserfaultModes.Missing | UserfaultModes.WriteProtect | UserfaultModes.Minor;

    /// <summary>
    /// UFFDIO_REGISTER: the context watches a range from now on, in these modes and no others. EINVAL (no or unknown
    /// modes, unaligned, empty, nothing mapped, memory that cannot be watched so), EPERM (never writable), EBUSY
    /// (another context watches), ENOMEM.
    /// </summary>
    /// <param name="mmId">The address space of the context.</param>
    /// <param name="context">A context of <see cref="World.Userfaults"/>.</param>
    /// <param name="start">First byte address; page aligned.</param>
    /// <param name="length">Bytes, whole pages.</param>
    /// <param name="modes">UFFDIO_REGISTER_MODE_*.</param>
    public SyscallResult RegisterUserfault(
        MmId mmId, int context, ulong start, ulong length, UserfaultModes modes)
    {
        if (modes == UserfaultModes.None || (modes & ~EveryMode) != 0 || !IsUserfaultRange(start, length))
        {
            return Errno.EINVAL;
        }

        Mm mm = World.Mms[mmId];
        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Write);
        VmaFlags watched = (modes & UserfaultModes.Missing) != 0 ? VmaFlags.UffdMissing : VmaFlags.None;
        watched |= (modes & UserfaultModes.WriteProtect) != 0 ? VmaFlags.UffdWp : VmaFlags.None;
        watched |= (modes & UserfaultModes.Minor) != 0 ? VmaFlags.UffdMinor : VmaFlags.None;
        Errno refused = MayWatch(mm, context, start, start + length, watched);
        refused = refused == Errno.None ? Refused() : refused;
        return refused != Errno.None ? refused : Watch(mm, context, start, start + length, watched);
    }

    /// <summary>
    /// UFFDIO_UNREGISTER. EINVAL (unaligned, empty, nothing mapped, memory that cannot be watched, watched by another
    /// context), ENOMEM.
    /// </summary>
    public SyscallResult UnregisterUserfault(MmId mmId, int context, ulong start, ulong length)
    {
        if (!IsUserfaultRange(start, length))
        {
            return Errno.EINVAL;
        }

        Mm mm = World.Mms[mmId];
        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Write);
        ulong end = start + length;
        if (!mm.Vmas.Intersects(start, end))
        {
            return Errno.EINVAL;
        }

        foreach (VmaId id in mm.Vmas.Within(start, end))
        {
            bool isAnothers = World.Rules.UnregisterIsForOwners
                && At(id).UserfaultContext != 0 && At(id).UserfaultContext != context;
            if (isAnothers || !IsWatchable(id, context, At(id).Flags & VmaFlags.Userfault))
            {
                return Errno.EINVAL;
            }
        }

        return Refused() != Errno.None ? Refusal : Watch(mm, 0, start, end, VmaFlags.None);
    }

    /// <summary>
    /// userfaultfd_release: the last descriptor of a context is closed, and nothing is watched by it any more.
    /// </summary>
    public void ReleaseUserfault(MmId mmId, int context)
    {
        Mm mm = World.Mms[mmId];
        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Write);
        for (VmaId id = mm.Vmas.Find(0); !id.IsNone;)
        {
            ulong end = At(id).End;
            if (At(id).UserfaultContext == context)
            {
                _ = SetWatch(mm, id, At(id).Start, end, 0, VmaFlags.None);
            }

            id = mm.Vmas.Find(end);
        }
    }

    /// <summary>validate_range.</summary>
    private protected bool IsUserfaultRange(ulong start, ulong length) =>
        Page.IsAligned(start | length) && length != 0 && start >= World.Options.MmapMinAddress
        && start < Page.TaskSize && length <= Page.TaskSize - start;

    private Errno MayWatch(Mm mm, int context, ulong start, ulong end, VmaFlags watched)
    {
        if (!mm.Vmas.Intersects(start, end))
        {
            return Errno.EINVAL;
        }

        foreach (VmaId id in mm.Vmas.Within(start, end))
        {
            int now = At(id).UserfaultContext;
            Errno refused = !IsWatchable(id, context, watched) ? Errno.EINVAL
                : (At(id).Flags & VmaFlags.MayWrite) == 0 ? Errno.EPERM
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
        ref Vma vma = ref At(id);
        bool isShared = !vma.File.IsNone && !IsSegment(vma)
            && World.Files[vma.File].Kind is FileKind.SharedMemory or FileKind.HugeTlb;
        if ((vma.Flags & VmaFlags.Droppable) != 0 || ((watched & VmaFlags.UffdMinor) != 0 && !isShared))
        {
            return false;
        }

        bool isAsync = (World.Userfaults.FeaturesOf(context) & UserfaultFeatures.WriteProtectAsync) != 0;
        return (isAsync && watched == VmaFlags.UffdWp) || isShared || IsFilledAnonymously(vma);
    }

    /// <summary>userfaultfd_register_range; with context 0 the loop of userfaultfd_unregister.</summary>
    private Errno Watch(Mm mm, int context, ulong start, ulong end, VmaFlags watched)
    {
        while (start < end)
        {
            VmaId id = mm.Vmas.Find(start);
            if (id.IsNone || At(id).Start >= end)
            {
                break;
            }

            start = Math.Max(start, At(id).Start);
            ulong upTo = Math.Min(At(id).End, end);
            bool isSo = At(id).UserfaultContext == context && (At(id).Flags & watched) == watched;
            if (!isSo && SetWatch(mm, id, start, upTo, context, watched).IsNone)
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
        VmaFlags flags = (At(id).Flags & ~VmaFlags.Userfault) | watched;
        VmaId changed = ModifyVma(
            RequestInside(mm, id, start, end) with { Flags = flags, UserfaultContext = context });
        if (!changed.IsNone)
        {
            At(changed).Flags = flags | (At(changed).Flags & Sticky);
            At(changed).UserfaultContext = context;
        }

        return changed;
    }

    /// <summary>dup_userfaultfd: a child's copy is not watched, unless its context asked to be told of forks.</summary>
    private void ForkUserfault(ref Vma copy)
    {
        int context = copy.UserfaultContext;
        if ((World.Userfaults.FeaturesOf(context) & UserfaultFeatures.EventFork) != 0)
        {
            copy.UserfaultContext = World.Userfaults.ForkOf(context);
        }
        else
        {
            ForgetUserfault(ref copy);
        }
    }

    /// <summary>
    /// mremap_userfaultfd_prep: neither is what has moved, unless its context asked to be told of that.
    /// </summary>
    private void MoveUserfault(ref Vma copy)
    {
        if ((World.Userfaults.FeaturesOf(copy.UserfaultContext) & UserfaultFeatures.EventRemap) == 0)
        {
            ForgetUserfault(ref copy);
        }
    }

    /// <summary>userfaultfd_reset_ctx.</summary>
    private static void ForgetUserfault(ref Vma copy)
    {
        copy.UserfaultContext = 0;
        copy.Flags &= ~VmaFlags.Userfault;
    }
}
