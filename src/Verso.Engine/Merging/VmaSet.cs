using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>The set of VMAs of an address space: coming, going, and change of bounds.</summary>
internal static class VmaSet
{
    extension(Machine machine)
    {
        /// <summary>vma_is_anonymous.</summary>
        internal bool IsFilledAnonymously(in Vma vma) => machine.World.Files.IsFilledAnonymously(vma);

        /// <summary>vma_link: a VMA with its bounds joins its address space and its file.</summary>
        internal void LinkVma(VmaId id)
        {
            ref Vma vma = ref machine.At(id);
            Mm mm = machine.World.Mms[vma.Mm];
            mm.Vmas.Insert(vma.Start, vma.End, id);
            if (!vma.File.IsNone)
            {
                machine.World.Files.Link(id);
            }
        }

        /// <summary>
        /// A VMA leaves file, reverse map and address space, and is freed. Its pages are gone or are another's.
        /// </summary>
        internal void RemoveVma(Mm mm, VmaId id, DropReason reason)
        {
            ref Vma vma = ref machine.At(id);
            mm.Vmas.Remove(vma.Start);
            machine.Structure.Drop(id, reason);
            if (!vma.File.IsNone)
            {
                machine.World.Files.Unlink(id);
            }

            machine.World.Vmas.Free(id);
        }

        /// <summary>vma_prepare, vma_set_range, vma_complete for one VMA.</summary>
        /// <remarks>What stays in it keeps its page offsets.</remarks>
        internal void SetRange(VmaId id, ulong start, ulong end)
        {
            Invariant.Require(start < end);
            ref Vma vma = ref machine.At(id);
            if (!vma.File.IsNone)
            {
                machine.World.Files.Adjusting(id);
            }

            machine.Structure.Adjusting(id);

            machine.World.Mms[vma.Mm].Vmas.Resize(vma.Start, start, end);
            ulong shift = (ulong)((long)(start - vma.Start) >> Page.Shift);
            vma.Pgoff += shift;
            vma.AnonPgoff += shift;
            vma.Start = start;
            vma.End = end;
            machine.Structure.Adjusted(id);
            if (!vma.File.IsNone)
            {
                machine.World.Files.Adjusted(id);
            }
        }

        /// <summary>Cuts the low end off: the VMA begins at <paramref name="start"/> from now on.</summary>
        internal void CutBelow(VmaId id, ulong start) => machine.SetRange(id, start, machine.At(id).End);

        /// <summary>Cuts the high end off.</summary>
        internal void CutAbove(VmaId id, ulong end) => machine.SetRange(id, machine.At(id).Start, end);
    }
}
