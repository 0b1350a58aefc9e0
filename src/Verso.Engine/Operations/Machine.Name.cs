using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME) (kernel/sys.c, mm/madvise.c).
public abstract partial class Machine
{
    /// <summary>The longest name, in characters (ANON_VMA_NAME_MAX_LEN less its end).</summary>
    public const int LongestName = 79;

    /// <summary>
    /// prctl(PR_SET_VMA_ANON_NAME): names what is anonymous in a range, or takes its name away, splitting and merging
    /// as needed. EINVAL (no such name, unaligned, or a machine that knows no names), EBADF (a file or a segment: what
    /// came before it is named), ENOMEM (a hole: the rest is named all the same), EAGAIN (too many VMAs, allocation
    /// failed).
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
        if (World.Options.Names == AnonymousNames.Refused || (name is not null && !IsName(name)))
        {
            return Errno.EINVAL;
        }

        ulong end = unchecked(address + Page.AlignUp(length));
        if (!Page.IsAligned(address) || (length != 0 && Page.AlignUp(length) == 0) || end < address)
        {
            return Errno.EINVAL;
        }

        Mm mm = World.Mms[mmId];
        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Write);
        return end == address
            ? SyscallResult.Ok()
            : AdviseVmas(mm, address, end, NameGiven, name is null ? 0 : World.Traits.NameOf(name));
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

    /// <summary>madvise_vma_anon_name, madvise_update_vma.</summary>
    private Errno NameVma(Mm mm, VmaId id, ulong start, ulong end, int name)
    {
        if (!MayHaveName(At(id)))
        {
            return Errno.EBADF;
        }

        if (At(id).Name == name)
        {
            return Errno.None;
        }

        VmaId named = ModifyVma(RequestInside(mm, id, start, end) with { Name = name });
        if (named.IsNone)
        {
            return WhyNotModified(id, Errno.EAGAIN);
        }

        At(named).Name = name;
        return Errno.None;
    }

    /// <summary>
    /// No file, or (vma_is_anon_shmem, since 6.2) shared memory: anonymous, a memfd, or a file of tmpfs that has been
    /// deleted. Segments have operations of their own. Files of tmpfs that still have a name are taken for such too.
    /// </summary>
    private bool MayHaveName(in Vma vma) =>
        vma.File.IsNone || (World.Files[vma.File].Kind == FileKind.SharedMemory && !IsSegment(vma));

    /// <summary>What a capture tells of a VMA's name.</summary>
    private VmaTraits NameTraits(in Vma vma) => vma.Name == 0 ? VmaTraits.None : World.Traits.Named(vma.Name);
}
