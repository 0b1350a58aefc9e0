using Verso.Engine;
using Verso.Engine.Objects;
using Verso.Traces;

namespace Verso.Lab.Fidelity;

/// <summary>
/// Whether a file of the machine and one of the trace are the same: by device and inode; objects that the kernel made
/// itself (shared anonymous memory) by a bijection that holds over the whole replay.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="identify">What the trace says of a file; null where it says nothing.</param>
internal sealed class FileMatcher(Machine machine, Func<FileId, FileIdentity?> identify)
{
    private readonly Dictionary<ulong, (ulong Device, ulong Inode)> _kernelsOf = [];
    private readonly Dictionary<(ulong Device, ulong Inode), ulong> _oursOf = [];

    public bool AreSame(FileId ours, FileId kernels)
    {
        if (ours.IsNone || kernels.IsNone)
        {
            return ours.IsNone && kernels.IsNone;
        }

        if (identify(kernels) is not FileIdentity identity)
        {
            return false;
        }

        (ulong device, ulong inode, _) = machine.DescribeFile(ours);
        return device == FileTable.InternalDevice
            ? AreMatched(inode, (identity.Device, identity.Inode))
            : device == identity.Device && inode == identity.Inode;
    }

    /// <summary>A file of the machine, for people.</summary>
    public string DescribeOurs(FileId file)
    {
        if (file.IsNone)
        {
            return "";
        }

        (ulong device, ulong inode, _) = machine.DescribeFile(file);
        return device == FileTable.InternalDevice ? $"shared memory {inode}" : Device(device, inode);
    }

    /// <summary>A file of the trace, for people.</summary>
    public string DescribeKernels(FileId file)
    {
        if (file.IsNone)
        {
            return "";
        }

        return identify(file) is FileIdentity identity
            ? $"{Device(identity.Device, identity.Inode)} {identity.Path}"
            : $"{file}, not defined";
    }

    private static string Device(ulong device, ulong inode) => $"{device >> 20:x2}:{device & 0xfffff:x2}:{inode}";

    private bool AreMatched(ulong ours, (ulong Device, ulong Inode) kernels)
    {
        bool hasKernels = _kernelsOf.TryGetValue(ours, out (ulong Device, ulong Inode) known);
        bool hasOurs = _oursOf.TryGetValue(kernels, out ulong knownOurs);
        if (!hasKernels && !hasOurs)
        {
            _kernelsOf[ours] = kernels;
            _oursOf[kernels] = ours;
            return true;
        }

        return hasKernels && hasOurs && known == kernels && knownOurs == ours;
    }
}
