using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// Page tables as a cache of memory objects: what is dropped comes back by faults. Object-owned designs only.
public sealed partial class Machine<TPages>
{
    /// <inheritdoc/>
    public override SyscallResult DropTables(MmId mm, ulong start, ulong length)
    {
        if (TPages.Owner != PageOwner.Object)
        {
            return Errno.EOPNOTSUPP;
        }

        if (!Page.IsAligned(start) || start > Page.TaskSize || length > Page.TaskSize - start)
        {
            return Errno.EINVAL;
        }

        Mm space = _mms[mm];
        ulong end = start + Page.AlignUp(length);
        foreach (VmaId id in space.Vmas.Within(start, end))
        {
            const VmaFlags Kept = VmaFlags.Shared | VmaFlags.Locked | VmaFlags.PfnMap;
            if ((_vmas[id].Flags & Kept) == 0)
            {
                ZapRange(id, Math.Max(start, _vmas[id].Start), Math.Min(end, _vmas[id].End), UnmapReason.TableDrop);
            }
        }

        return SyscallResult.Ok();
    }
}
