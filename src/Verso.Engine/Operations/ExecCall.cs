using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>New address spaces: empty, or as exec built them.</summary>
public static class ExecCall
{
    /// <summary>Where the top-down search of an empty address space begins: below an 8 MiB stack and its gap.</summary>
    private const ulong DefaultMmapBase = 0x7ffff7fff000;

    extension(Machine machine)
    {
        /// <summary>A new, empty address space with one user. ENOMEM.</summary>
        public SyscallResult CreateMm(out MmId mmId)
        {
            Errno errno = machine.BeginMm(default, out mmId);
            return errno == Errno.None ? SyscallResult.Ok() : errno;
        }

        /// <summary>
        /// A new address space in the state of an image, as exec or attach leaves it: VMAs, and for designs that have
        /// one the anon_vma graph. Its files are ids of this machine. ENOMEM; EINVAL for an image that no kernel could
        /// have: a trace may be made up.
        /// </summary>
        public SyscallResult CreateMm(MmImage image, out MmId mmId)
        {
            SyscallResult created = machine.CreateMms([new RelatedImage(image)], out IReadOnlyList<MmId> mms);
            mmId = created.Errno == Errno.None ? mms[0] : default;
            return created;
        }

        /// <summary>
        /// Address spaces that are related by fork, all or none: what their images share is made once. ENOMEM; EINVAL
        /// for an image that no kernel could have, or whose parent does not come before it.
        /// </summary>
        /// <param name="images">The images, parents before children.</param>
        /// <param name="mms">The address spaces, in the same order; empty after an error.</param>
        public SyscallResult CreateMms(IReadOnlyList<RelatedImage> images, out IReadOnlyList<MmId> mms)
        {
            ArgumentNullException.ThrowIfNull(images);
            mms = [];
            for (int at = 0; at < images.Count; at++)
            {
                if (!IsSound(images[at].Image) || images[at].Parent >= at)
                {
                    return Errno.EINVAL;
                }
            }

            List<MmId> made = new(images.Count);
            List<LoadedImage> loaded = new(images.Count);
            Errno errno = Errno.None;
            for (int at = 0; at < images.Count && errno == Errno.None; at++)
            {
                int parent = images[at].Parent;
                errno = machine.BeginMm(parent < 0 ? default : made[parent], out MmId mmId);
                if (errno == Errno.None)
                {
                    made.Add(mmId);
                    errno = machine.AddVmas(machine.World.Mms[mmId], images[at].Image, out VmaId[] ids);
                    loaded.Add(LoadedImage.Of(images[at].Image, ids, parent < 0 ? null : loaded[parent]));
                }
            }

            errno = errno == Errno.None ? machine.Structure.Load(loaded) : errno;
            if (errno != Errno.None)
            {
                foreach (MmId mmId in made)
                {
                    machine.TearDown(machine.World.Mms[mmId]);
                }

                return errno;
            }

            mms = made;
            return SyscallResult.Ok();
        }

        /// <summary>mmf_init_flags: what an exec's address space takes over from the one that it leaves.</summary>
        /// <param name="fresh">The new address space.</param>
        /// <param name="left">The one left.</param>
        public void InheritFlags(MmId fresh, MmId left) =>
            machine.World.Mms[fresh].Flags = MmFlagRules.Inherited(machine.World.Mms[left].Flags);

        private Errno BeginMm(MmId parent, out MmId mmId)
        {
            mmId = default;
            Mm? mm = machine.World.Mms.Allocate();
            if (mm is null)
            {
                return Errno.ENOMEM;
            }

            mm.Parent = parent;
            mm.MmapBase = DefaultMmapBase;
            mm.StackLimitBytes = 8UL << 20;
            if (machine.Structure.BeginMm(mm, parent) != Errno.None)
            {
                machine.World.Mms.Free(mm);
                return Errno.ENOMEM;
            }

            mmId = mm.Id;
            return Errno.None;
        }

        private Errno AddVmas(Mm mm, MmImage image, out VmaId[] ids)
        {
            mm.StartBrk = image.StartBrk;
            mm.Brk = image.Brk;
            mm.StartStack = image.StartStack;
            mm.StackLimitBytes = image.StackLimitBytes;
            mm.DefaultFlags = image.DefaultFlags;
            mm.Flags = image.Flags;
            mm.TaskSize = IsOf32BitProgram(image) ? Page.CompatTaskSize : Page.TaskSize;
            mm.MmapBase = image.MmapBase != 0 ? image.MmapBase : DefaultMmapBase;
            ids = new VmaId[image.Vmas.Count];
            for (int at = 0; at < ids.Length; at++)
            {
                ids[at] = machine.AddFromImage(mm, image.Vmas[at]);
                if (ids[at].IsNone)
                {
                    return Errno.ENOMEM;
                }

                PkeyCalls.LearnKeys(mm, image.Vmas[at].Flags);
            }

            return Errno.None;
        }

        private VmaId AddFromImage(Mm mm, VmaImage image)
        {
            bool ownOffset = machine.HasOwnOffset(image.File, image.Flags);
            VmaId id = machine.World.Vmas.Allocate(new Vma
            {
                Start = image.Start,
                End = image.End,
                Pgoff = image.Pgoff,
                AnonPgoff = ownOffset ? image.AnonPgoff ?? image.Start >> Page.Shift : image.Pgoff,
                Flags = image.Flags,
                Mm = mm.Id,
                File = image.File,
                Prepared = image.AnonVma != 0,
                Policy = machine.World.Traits.PolicyOf(image.Traits),
                UserfaultContext = machine.World.Traits.UserfaultOf(image.Traits),
                Name = machine.World.Traits.NameOf(image.Traits),
                HasClose = image.Traits.Close == CloseOperation.Set,
            });
            if (!id.IsNone)
            {
                machine.LinkVma(id);
                mm.TotalPages += machine.At(id).Pages;
                mm.LockedPages += (image.Flags & VmaFlags.Locked) != 0 ? machine.At(id).Pages : 0;
            }

            return id;
        }
    }

    /// <summary>exec puts the stack at the top of what a program can address.</summary>
    private static bool IsOf32BitProgram(MmImage image) => image.StartStack is > 0 and < Page.CompatTaskSize;

    /// <summary>
    /// Whether a kernel could have such an address space: VMAs in order, whole pages, apart; page offsets that do not
    /// wrap (do_mmap refuses those with EOVERFLOW); every anon_vma that they name in the list, and once; roots that
    /// have no root.
    /// </summary>
    public static bool IsSound(MmImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        HashSet<ulong> known = [];
        HashSet<ulong> below = [];
        foreach (AnonVmaImage node in image.AnonVmas)
        {
            if (node.Id == 0 || !known.Add(node.Id))
            {
                return false;
            }

            if (node.Root != node.Id)
            {
                below.Add(node.Id);
            }
        }

        if (image.AnonVmas.Any(node => below.Contains(node.Root)))
        {
            return false;
        }

        ulong last = 0;
        foreach (VmaImage vma in image.Vmas)
        {
            bool placed = vma.Start >= last && vma.Start < vma.End && vma.End <= Page.TaskSize
                && Page.IsAligned(vma.Start | vma.End)
                && vma.Pgoff < ulong.MaxValue - ((vma.End - vma.Start) >> Page.Shift);
            bool linked = vma.AnonVma == 0 ? vma.Chain.Count == 0 : vma.Chain.Contains(vma.AnonVma);
            if (!placed || !linked || !vma.Chain.All(known.Contains))
            {
                return false;
            }

            last = vma.End;
        }

        return true;
    }
}
