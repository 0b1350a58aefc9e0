using Verso.Linux.Interop;

namespace Verso.Linux.Graph;

/// <summary>
/// The page tables of one process, read again and again through one descriptor. The descriptor belongs to the address
/// space that was there when it was opened: <see cref="Reopen"/> after an exec.
/// </summary>
public sealed class PageTarget : IDisposable
{
    // The directory of this very process: a later one with the same id is not found through it.
    private int _directory;

    internal PageTarget(int pid, int directory)
    {
        Pid = pid;
        _directory = directory;
        Descriptor = -1;
    }

    /// <summary>The process id.</summary>
    public int Pid { get; }

    internal int Descriptor { get; private set; }

    /// <summary>
    /// Looks at the address space that the process has now. Needed only where the old one lives on after an exec, with
    /// another process; an old one that is gone is noticed.
    /// </summary>
    /// <returns>Whether the process still lives.</returns>
    public bool Reopen()
    {
        Close();
        Descriptor = Libc.OpenAt(_directory, "pagemap", Libc.OpenCloseOnExec, 0);
        return Descriptor >= 0;
    }

    public void Dispose()
    {
        Close();
        if (_directory >= 0)
        {
            _ = Libc.Close(_directory);
            _directory = -1;
        }
    }

    private void Close()
    {
        if (Descriptor >= 0)
        {
            _ = Libc.Close(Descriptor);
            Descriptor = -1;
        }
    }
}
