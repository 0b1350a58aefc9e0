using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// mprotect's part below the VMA: change_protection.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    private protected override void ProtectRange(VmaId vma, ulong start, ulong end)
    {
        Mm mm = _mms[_vmas[vma].Mm];
        bool writable = (_vmas[vma].Flags & VmaFlags.Write) != 0;
        ulong address = start;
        while (_tables.TryNextRange(mm, ref address, end, out PteRange range))
        {
            if (writable)
            {
                AllowWrites(vma, range);
            }
            else
            {
                ForbidWrites(range);
            }
        }
    }

    private void ForbidWrites(in PteRange range)
    {
        Span<ulong> entries = _tables.Entries(range);
        int count = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (Pte.IsWritable(entries[i]))
            {
                entries[i] &= ~Pte.Write;
                count++;
            }
        }

        _counters.PtesWriteProtected += count;
    }

    /// <summary>
    /// Entries become writable only where a write fault would find nothing to do (can_change_pte_writable): exclusive
    /// anonymous pages; shared pages that are dirty or whose file need not know.
    /// </summary>
    private void AllowWrites(VmaId id, in PteRange range)
    {
        bool isShared = _vmas[id].IsShared;
        bool isTold = isShared && World.Files[_vmas[id].File].Kind == FileKind.Regular;
        Span<ulong> entries = _tables.Entries(range);
        for (int i = 0; i < entries.Length; i++)
        {
            ulong pte = entries[i];
            if (!Pte.HasFrame(pte))
            {
                continue;
            }

            bool writable = isShared
                ? !isTold || (pte & Pte.Dirty) != 0
                : _frames[Pte.Frame(pte)].IsExclusive;
            if (writable)
            {
                entries[i] = pte | Pte.Write;
            }
        }
    }
}
