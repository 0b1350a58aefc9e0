using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>The state of an address space for comparison, and the audit.</summary>
public static class StateCapture
{
    extension(Machine machine)
    {
        /// <summary>The present state of an address space, in the form a recorder reads it from a kernel.</summary>
        public MmImage Capture(MmId mmId)
        {
            Mm mm = machine.World.Mms[mmId];
            List<VmaImage> vmas = new(mm.Vmas.Count);
            AnonVmaList nodes = machine.Captured;
            foreach (VmaId id in mm.Vmas.Ids)
            {
                ref Vma vma = ref machine.At(id);
                AnonVmaView? view = machine.Structure.View(id, nodes);
                vmas.Add(new VmaImage(
                    vma.Start, vma.End, vma.Flags, vma.Pgoff, vma.File, view?.AnonVma ?? 0, view?.Chain ?? [])
                {
                    AnonPgoff = machine.HasOwnOffset(vma.File, vma.Flags) ? vma.AnonPgoff : null,
                    Traits = machine.NameTraits(vma),
                });
            }

            return new MmImage
            {
                Vmas = vmas,
                AnonVmas = nodes.Take(),
                StartBrk = mm.StartBrk,
                Brk = mm.Brk,
                MmapBase = mm.MmapBase,
                StartStack = mm.StartStack,
                DefaultFlags = mm.DefaultFlags,
                Flags = mm.Flags,
                StackLimitBytes = mm.StackLimitBytes,
                TotalPages = mm.TotalPages,
                LockedPages = mm.LockedPages,
            };
        }

        /// <summary>
        /// Checks every invariant, O(everything): VMAs, page tables, frames, the design's own. Null, or the first
        /// violation.
        /// </summary>
        public string? Audit() => machine.AuditVmas() ?? machine.AuditPages();

        private string? AuditVmas()
        {
            foreach (Mm mm in machine.World.Mms.Live)
            {
                ulong last = 0;
                ulong pages = 0;
                if (mm.Vmas.Audit() is { } violation)
                {
                    return $"{mm.Id}: {violation}";
                }

                foreach (VmaId id in mm.Vmas.Ids)
                {
                    ref Vma vma = ref machine.At(id);
                    pages += vma.Pages;
                    bool sound = vma.Start >= last && vma.Start < vma.End && mm.Vmas.Lookup(vma.End - 1) == id
                        && Page.IsAligned(vma.Start | vma.End) && vma.Mm == mm.Id;
                    if (!sound)
                    {
                        return $"{mm.Id}: VMA {vma.Start:x}-{vma.End:x} overlaps or is misplaced";
                    }

                    if (vma.AnonPgoff != vma.Pgoff && !machine.HasOwnOffset(vma.File, vma.Flags))
                    {
                        return $"{mm.Id}: VMA {vma.Start:x}-{vma.End:x} has two page offsets, "
                            + $"{vma.AnonPgoff:x} its own";
                    }

                    last = vma.End;
                }

                if (pages != mm.TotalPages)
                {
                    return $"{mm.Id}: total_vm is {mm.TotalPages} pages, its VMAs have {pages}";
                }
            }

            return null;
        }
    }
}
