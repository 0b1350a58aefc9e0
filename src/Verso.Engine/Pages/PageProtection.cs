using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>mprotect's part below the VMA: change_protection.</summary>
internal static class PageProtection
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.ProtectRange"/>.</summary>
        internal void ProtectRange(VmaId vma, ulong start, ulong end)
        {
            Mm mm = machine.Mms[machine.Vmas[vma].Mm];
            bool writable = (machine.Vmas[vma].Flags & VmaFlags.Write) != 0;
            ulong address = start;
            while (machine.Tables.TryNextRange(mm, ref address, end, out PteRange range))
            {
                if (writable)
                {
                    machine.AllowWrites(vma, range);
                }
                else
                {
                    machine.ForbidWrites(range);
                }
            }
        }

        private void ForbidWrites(in PteRange range)
        {
            Span<ulong> entries = machine.Tables.Entries(range);
            int count = 0;
            for (int i = 0; i < entries.Length; i++)
            {
                if (Pte.IsWritable(entries[i]))
                {
                    entries[i] &= ~Pte.Write;
                    count++;
                }
            }

            machine.Counters.PtesWriteProtected += count;
        }

        /// <summary>
        /// Entries become writable only where a write fault would find nothing to do (can_change_pte_writable):
        /// exclusive anonymous pages; shared pages that are dirty or whose file need not know.
        /// </summary>
        private void AllowWrites(VmaId id, in PteRange range)
        {
            bool isShared = machine.Vmas[id].IsShared;
            bool isTold = isShared && machine.World.Files[machine.Vmas[id].File].Kind == FileKind.Regular;
            Span<ulong> entries = machine.Tables.Entries(range);
            for (int i = 0; i < entries.Length; i++)
            {
                ulong pte = entries[i];
                if (!Pte.HasFrame(pte))
                {
                    continue;
                }

                bool writable = isShared
                    ? !isTold || (pte & Pte.Dirty) != 0
                    : machine.Frames[Pte.Frame(pte)].IsExclusive;
                if (writable)
                {
                    entries[i] = pte | Pte.Write;
                }
            }
        }
    }
}
