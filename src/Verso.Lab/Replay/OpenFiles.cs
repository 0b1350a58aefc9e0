using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>The open files of a trace, and which files of the machine they are.</summary>
internal sealed class OpenFiles(Machine machine)
{
    /// <summary>Device number given to files that a trace maps without naming them; no real device has it.</summary>
    private const ulong UnnamedDevice = ulong.MaxValue - 1;

    private readonly Dictionary<int, FileIdentity> _identities = [];
    private readonly Dictionary<int, FileId> _files = [];
    private ulong _unnamed;

    /// <summary>Mappings of files that the trace did not name.</summary>
    public long UnnamedCount => (long)_unnamed;

    public void Define(FileIdentity identity)
    {
        ulong size = identity.SizeBytes;
        FileId file = machine.OpenFile(identity.Kind, identity.Device, identity.Inode, size, identity.Modes);
        if (_files.Remove(identity.File.Value, out FileId old))
        {
            machine.CloseFile(old);
        }

        _identities[identity.File.Value] = identity;
        _files[identity.File.Value] = file;
    }

    /// <summary>The machine's file for an id of the trace; none for 0 or an id that was never defined.</summary>
    public FileId Find(ulong traceId) => _files.GetValueOrDefault((int)traceId);

    /// <summary>What the trace says of a file; null where it says nothing.</summary>
    public FileIdentity? Identify(FileId traceId) => _identities.GetValueOrDefault(traceId.Value);

    /// <summary>What the trace says of a file of the machine; null where it says nothing.</summary>
    public FileIdentity? IdentifyOpened(FileId file) =>
        _files.Where(each => each.Value == file).Select(each => _identities[each.Key]).FirstOrDefault();

    /// <summary>
    /// The machine's file for an id; one of its own for a mapping whose file the trace does not name.
    /// </summary>
    public FileId FindOrOpen(ulong traceId)
    {
        FileId file = Find(traceId);
        return file.IsNone ? machine.OpenFile(FileKind.Regular, UnnamedDevice, ++_unnamed, ulong.MaxValue) : file;
    }

    /// <summary>An image of the trace with the files of the machine.</summary>
    public MmImage Translate(MmImage image)
    {
        VmaImage[] vmas = new VmaImage[image.Vmas.Count];
        for (int at = 0; at < vmas.Length; at++)
        {
            VmaImage vma = image.Vmas[at];
            vmas[at] = vma.File.IsNone ? vma : vma with { File = FindOrOpen((ulong)vma.File.Value) };
        }

        return image with { Vmas = vmas };
    }
}
