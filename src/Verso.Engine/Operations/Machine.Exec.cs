using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// New address spaces: empty, or as exec built them.
public abstract partial class Machine
{
    /// <summary>Where the top-down search of an empty address space begins: below an 8 MiB stack and its gap.</summary>
    private const ulong DefaultMmapBase = 0x7ffff7fff000;

    /// <summary>A new, empty address space with one user. ENOMEM.</summary>
    public SyscallResult CreateMm(out MmId mmId)
    {
        mmId = default;
        Mm? mm = World.Mms.Allocate();
        if (mm is null)
        {
            return Errno.ENOMEM;
        }

        mm.MmapBase = DefaultMmapBase;
        mm.StackLimitBytes = 8UL << 20;
        if (Structure.BeginMm(mm, default) != Errno.None)
        {
            World.Mms.Free(mm);
            return Errno.ENOMEM;
        }

        mmId = mm.Id;
        return SyscallResult.Ok();
    }

    /// <summary>
    /// A new address space in the state of an image, as exec or attach leaves it: VMAs, and for designs that have one
    /// the
    /// anon_vma graph. Its files are ids of this machine. ENOMEM; EINVAL
    /// for an image that no kernel could have: a trace may be made up.
    /// </summary>
    public SyscallResult CreateMm(MmImage image, out MmId mmId)
    {
        mmId = default;
        if (!IsSound(image))
        {
            return Errno.EINVAL;
        }

        SyscallResult created = CreateMm(out mmId);
        if (created.Errno != Errno.None)
        {
            return created;
        }

        Mm mm = World.Mms[mmId];
        mm.StartBrk = image.StartBrk;
        mm.Brk = image.Brk;
        mm.StartStack = image.StartStack;
        mm.StackLimitBytes = image.StackLimitBytes;
        mm.DefaultFlags = image.DefaultFlags;
        mm.MmapBase = image.MmapBase != 0 ? image.MmapBase : DefaultMmapBase;
        VmaId[] ids = new VmaId[image.Vmas.Count];
        for (int at = 0; at < ids.Length; at++)
        {
            ids[at] = AddFromImage(mm, image.Vmas[at]);
            if (ids[at].IsNone)
            {
                break;
            }
        }

        if (Array.IndexOf(ids, default) >= 0 || Structure.Load(image, ids) != Errno.None)
        {
            TearDown(mm);
            mmId = default;
            return Errno.ENOMEM;
        }

        return SyscallResult.Ok();
    }

    /// <summary>VMAs in order, whole pages, apart; every anon_vma that they name in the list, and once.</summary>
    private static bool IsSound(MmImage image)
    {
        HashSet<ulong> known = [];
        foreach (AnonVmaImage node in image.AnonVmas)
        {
            if (node.Id == 0 || !known.Add(node.Id))
            {
                return false;
            }
        }

        ulong last = 0;
        foreach (VmaImage vma in image.Vmas)
        {
            bool placed = vma.Start >= last && vma.Start < vma.End && vma.End <= Page.TaskSize
                && Page.IsAligned(vma.Start | vma.End);
            bool linked = vma.AnonVma == 0 ? vma.Chain.Count == 0 : vma.Chain.Contains(vma.AnonVma);
            if (!placed || !linked || !vma.Chain.All(known.Contains))
            {
                return false;
            }

            last = vma.End;
        }

        return true;
    }

    private VmaId AddFromImage(Mm mm, VmaImage image)
    {
        bool ownOffset = HasOwnOffset(image.File, image.Flags);
        VmaId id = World.Vmas.Allocate(new Vma
        {
            Start = image.Start,
            End = image.End,
            Pgoff = image.Pgoff,
            AnonPgoff = ownOffset ? image.Start >> Page.Shift : image.Pgoff,
            Flags = image.Flags,
            Mm = mm.Id,
            File = image.File,
            Prepared = image.AnonVma != 0,
            Policy = World.Traits.PolicyOf(image.Traits),
            UserfaultContext = World.Traits.UserfaultOf(image.Traits),
            Name = World.Traits.NameOf(image.Traits),
            HasClose = image.Traits.Close == CloseOperation.Set,
        });
        if (!id.IsNone)
        {
            LinkVma(id);
            mm.TotalPages += At(id).Pages;
            mm.LockedPages += (image.Flags & VmaFlags.Locked) != 0 ? At(id).Pages : 0;
        }

        return id;
    }
}
