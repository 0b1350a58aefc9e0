using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME) (kernel/sys.c, mm/madvise.c).</summary>
public static class NameCall
{
    /// <summary>The longest name, in characters (ANON_VMA_NAME_MAX_LEN less its end).</summary>
    public const int LongestName = 79;

    extension(Machine machine)
    {
        /// <summary>
        /// prctl(PR_SET_VMA_ANON_NAME): names what is anonymous in a range, or takes its name away, splitting and
        /// merging as needed. EINVAL (no such name, unaligned, or a machine that knows no names), EBADF (a file or a
        /// segment: what came before it is named), ENOMEM (a hole: the rest is named all the same), EAGAIN (too many
        /// VMAs, allocation failed).
        /// </summary>
        /// <remarks>
        /// The kernel holds a name as an object of its own; no test can make that allocation fail here.
        /// </remarks>
        /// <param name="mmId">The address space.</param>
        /// <param name="address">First byte address.</param>
        /// <param name="length">Bytes; rounded up to whole pages.</param>
        /// <param name="name">At most <see cref="LongestName"/> characters; null for none.</param>
        public SyscallResult SetName(MmId mmId, ulong address, ulong length, string? name)
        {
            if (machine.World.Options.Names == AnonymousNames.Refused || (name is not null && !IsName(name)))
            {
                return Errno.EINVAL;
            }

            ulong end = unchecked(address + Page.AlignUp(length));
            if (!Page.IsAligned(address) || (length != 0 && Page.AlignUp(length) == 0) || end < address)
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            return end == address
                ? SyscallResult.Ok()
                : machine.AdviseVmas(
                    mm, address, end, MadviseCall.NameGiven, name is null ? 0 : machine.World.Traits.NameOf(name));
        }

        /// <summary>madvise_vma_anon_name, madvise_update_vma.</summary>
        internal Errno NameVma(Mm mm, VmaId id, ulong start, ulong end, int name)
        {
            if (!machine.MayHaveName(machine.At(id)))
            {
                return Errno.EBADF;
            }

            if (machine.At(id).Name == name)
            {
                return Errno.None;
            }

            VmaId named = machine.ModifyVma(machine.RequestInside(mm, id, start, end) with { Name = name });
            if (named.IsNone)
            {
                return machine.WhyNotModified(id, Errno.EAGAIN);
            }

            machine.At(named).Name = name;
            return Errno.None;
        }

        /// <summary>
        /// No file, or (vma_is_anon_shmem, since 6.2) shared memory: anonymous, a memfd, or a file of tmpfs that has
        /// been deleted. Segments have operations of their own. Files of tmpfs that still have a name are taken for
        /// such too.
        /// </summary>
        private bool MayHaveName(in Vma vma) =>
            vma.File.IsNone || (machine.World.Files[vma.File].Kind == FileKind.SharedMemory && !machine.IsSegment(vma));

        /// <summary>What a capture tells of a VMA's name.</summary>
        internal VmaTraits NameTraits(in Vma vma) =>
            vma.Name == 0 ? VmaTraits.None : machine.World.Traits.Named(vma.Name);
    }

    private static bool IsName(string name)
    {
        foreach (char each in name)
        {
            // is_valid_name_char: printable, and nothing that would spoil a line of /proc/PID/maps.
            if (each is < ' ' or > '~' or '\\' or '`' or '$' or '[' or ']')
            {
                return false;
            }
        }

        return name.Length <= LongestName;
    }
}
