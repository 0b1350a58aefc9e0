using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// The state of an address space for comparison, and the audit.
public abstract partial class Machine
{
    /// <summary>Used again by every capture: those of deep families are long.</summary>
    private readonly AnonVmaList _captured = new();

    /// <summary>The present state of an address space, in the form a recorder reads it from a kernel.</summary>
    public MmImage Capture(MmId mmId)
    {
        Mm mm = World.Mms[mmId];
        List<VmaImage> vmas = new(mm.Vmas.Count);
        AnonVmaList nodes = _captured;
        foreach (VmaId id in mm.Vmas.Ids)
        {
            ref Vma vma = ref At(id);
            AnonVmaView? view = Structure.View(id, nodes);
            vmas.Add(new VmaImage(
                vma.Start, vma.End, vma.Flags, vma.Pgoff, vma.File, view?.AnonVma ?? 0, view?.Chain ?? [])
            {
                AnonPgoff = HasOwnOffset(vma.File, vma.Flags) ? vma.AnonPgoff : null,
                Traits = NameTraits(vma),
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
    public string? Audit() => AuditVmas() ?? AuditPages();

    private string? AuditVmas()
    {
        foreach (Mm mm in World.Mms.Live)
        {
            ulong last = 0;
            ulong pages = 0;
            if (mm.Vmas.Audit() is { } violation)
            {
                return $"{mm.Id}: {violation}";
            }

            foreach (VmaId id in mm.Vmas.Ids)
            {
                ref Vma vma = ref At(id);
                pages += vma.Pages;
                bool sound = vma.Start >= last && vma.Start < vma.End && mm.Vmas.Lookup(vma.End - 1) == id
                    && Page.IsAligned(vma.Start | vma.End) && vma.Mm == mm.Id;
                if (!sound)
                {
                    return $"{mm.Id}: VMA {vma.Start:x}-{vma.End:x} overlaps or is misplaced";
                }

                if (vma.AnonPgoff != vma.Pgoff && !HasOwnOffset(vma.File, vma.Flags))
                {
                    return $"{mm.Id}: VMA {vma.Start:x}-{vma.End:x} has two page offsets, {vma.AnonPgoff:x} its own";
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
