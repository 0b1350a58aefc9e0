using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>Whether what is opened through a mount may be mapped to be executed (MNT_NOEXEC).</summary>
public enum MountExecution
{
    Allowed = 0,
    Forbidden = 1,
}

/// <summary>
/// A directory through a mount of its own, which nobody else sees: the same files, and whether they may be executed is
/// chosen (open_tree, mount_setattr; Linux 5.12).
/// </summary>
public sealed class MountView : IDisposable
{
    private const long OpenTree = 428;
    private const long MountSetattr = 442;
    private const int CloneTree = 1;
    private const int EmptyPath = 0x1000;
    private const int ChangeWords = 4;
    private const ulong NoExec = 8;

    private readonly SafeFileHandle _mount;

    private MountView(SafeFileHandle mount) => _mount = mount;

    /// <summary>The directory, for as long as this lives.</summary>
    public string Path => $"/proc/self/fd/{_mount.DangerousGetHandle()}";

    /// <summary>Throws <see cref="IOException"/>, without CAP_SYS_ADMIN for example.</summary>
    public static unsafe MountView Open(string directory, MountExecution execution)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var descriptor = Libc.OpenTree(
            OpenTree, Libc.AtCurrentDirectory, directory, CloneTree | Libc.OpenCloseOnExec);
        if (descriptor < 0)
        {
            throw Refused(directory);
        }

        // struct mount_attr: what is set, what is cleared, propagation, user namespace.
        var view = new MountView(new SafeFileHandle((nint)descriptor, ownsHandle: true));
        var change = stackalloc ulong[ChangeWords];
        change[execution == MountExecution.Forbidden ? 0 : 1] = NoExec;
        if (Libc.ChangeMount(
            MountSetattr, descriptor, "", EmptyPath, change, ChangeWords * sizeof(ulong)) == 0)
        {
            return view;
        }

        var refused = Refused(directory);
        view.Dispose();
        throw refused;
    }

    public void Dispose() => _mount.Dispose();

    private static IOException Refused(string directory) => new(
        $"cannot clone the mount of '{directory}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
