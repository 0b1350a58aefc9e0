using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>arch_prctl(ARCH_MAP_VDSO_64) (arch/x86/entry/vdso/vma.c map_vdso_once).</summary>
public static class VdsoMapping
{
    private const VmaFlags VdsoText =
        VmaFlags.Read | VmaFlags.Exec | VmaFlags.MayAccess | VmaFlags.DontExpand;
    private const VmaFlags VdsoData =
        VmaFlags.Read | VmaFlags.MayRead | VmaFlags.Io | VmaFlags.PfnMap | VmaFlags.DontDump | VmaFlags.DontExpand;

    extension(Machine machine)
    {
        /// <summary>
        /// Maps the vDSO's data, clocks and text, at an address or, where that is taken, anywhere. The value is the
        /// size of the text in bytes. EEXIST (there is some of it already), ENOMEM.
        /// </summary>
        public SyscallResult MapVdso(MmId mmId, ulong address)
        {
            Mm mm = machine.World.Mms[mmId];
            VdsoLayout layout = machine.World.Options.Vdso;
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            foreach (VmaId id in mm.Vmas.Ids)
            {
                if (machine.At(id).IsSpecialMapping)
                {
                    return Errno.EEXIST;
                }
            }

            ulong length = (ulong)layout.Pages << Page.Shift;
            SyscallResult area = machine.GetUnmappedArea(
                mm, machine.RoundHint(address), length, MapFlags.None, default, 0);
            if (area.Errno != Errno.None)
            {
                return area;
            }

            ulong clocks = area.Value + ((ulong)layout.DataPages << Page.Shift);
            ulong text = clocks + ((ulong)layout.ClockPages << Page.Shift);
            return machine.InstallSpecialMapping(mm, area.Value, clocks, VdsoData)
                && machine.InstallSpecialMapping(mm, clocks, text, VdsoData)
                && machine.InstallSpecialMapping(mm, text, area.Value + length, VdsoText)
                ? SyscallResult.Ok((ulong)layout.TextPages << Page.Shift)
                : machine.TakeBack(mm, area.Value, area.Value + length);
        }

        private SyscallResult TakeBack(Mm mm, ulong start, ulong end)
        {
            Invariant.Require(machine.UnmapRange(mm, start, end) == Errno.None);
            return Errno.ENOMEM;
        }

        /// <summary>_install_special_mapping: never locked, never merged, at page offset 0. False on ENOMEM.</summary>
        private bool InstallSpecialMapping(Mm mm, ulong start, ulong end, VmaFlags flags)
        {
            if (start == end)
            {
                return true;
            }

            VmaFlags inherited = mm.DefaultFlags & ~VmaFlags.LockedMask;
            MergeRequest range = MergeRequest.Fresh(mm, mm.Vmas.Around(start), start, end) with
            {
                Flags = flags | inherited,
            };
            if (machine.NewMapping(range).IsNone)
            {
                return false;
            }

            mm.TotalPages += (end - start) >> Page.Shift;
            return true;
        }
    }
}
