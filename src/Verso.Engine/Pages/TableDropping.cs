using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>
/// Page tables as a cache of memory objects: what is dropped comes back by faults. Object-owned designs only.
/// </summary>
internal static class TableDropping
{
    extension<TPages>(Machine<TPages> machine)
        where TPages : struct, IPageHooks<TPages>
    {
        /// <summary><see cref="Machine.DropTables"/>.</summary>
        internal SyscallResult DropTables(MmId mm, ulong start, ulong length)
        {
            if (TPages.Owner != PageOwner.Object)
            {
                return Errno.EOPNOTSUPP;
            }

            if (!Page.IsAligned(start) || start > Page.TaskSize || length > Page.TaskSize - start)
            {
                return Errno.EINVAL;
            }

            Mm space = machine.Mms[mm];
            ulong end = start + Page.AlignUp(length);
            foreach (VmaId id in space.Vmas.Within(start, end))
            {
                const VmaFlags Kept = VmaFlags.Shared | VmaFlags.Locked | VmaFlags.PfnMap;
                if ((machine.Vmas[id].Flags & Kept) == 0)
                {
                    ulong from = Math.Max(start, machine.Vmas[id].Start);
                    ulong to = Math.Min(end, machine.Vmas[id].End);
                    machine.ZapRange(id, from, to, UnmapReason.TableDrop);
                }
            }

            return SyscallResult.Ok();
        }
    }
}
