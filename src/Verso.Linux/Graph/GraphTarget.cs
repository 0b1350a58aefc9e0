using Verso.Engine.Images;
using Verso.Linux.Interop;

namespace Verso.Linux.Graph;

/// <summary>
/// One process that is read again and again: an iterator bound to its id, and what was read last. It stays valid when
/// the process execs; when it ended, reading says so, even if another process got its id. Dispose before its reader.
/// </summary>
public sealed class GraphTarget : IDisposable
{
    private nint _link;

    internal GraphTarget(int pid, nint link)
    {
        Pid = pid;
        _link = link;
        Descriptor = LibBpf.LinkDescriptor(link);
    }

    /// <summary>The process id.</summary>
    public int Pid { get; }

    /// <summary>
    /// VMAs that begin in this range, in bytes, are left out; it ends where it begins: none. Not the first VMA, which
    /// tells what holds of all.
    /// </summary>
    public (ulong Start, ulong End) Hidden { get; set; }

    internal int Descriptor { get; }

    /// <summary>When the process started, once it was read: tells it from a later one with its id.</summary>
    internal ulong StartTime { get; set; }

    internal byte[] LastRecords { get; set; } = [];

    internal int LastLength { get; set; }

    internal MmImage? LastImage { get; set; }

    public void Dispose()
    {
        if (_link != 0)
        {
            _ = LibBpf.LinkDestroy(_link);
            _link = 0;
        }
    }
}
