using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>
/// Standard input as a program that takes a whole screen has to treat it: such a program gives its terminal back when
/// it is stopped, and leaves it alone while it runs in the background.
/// </summary>
public sealed class JobTerminal
{
    /// <summary>More than <c>struct termios</c> takes.</summary>
    private const int ModesBytes = 256;

    private const int StandardInput = 0;
    private const int Now = 0;
    private const int StopByTerminal = 20;

    private readonly byte[]? _modes = Modes();

    /// <summary>Whether it is a terminal, with keys.</summary>
    public bool HasKeys => _modes is not null;

    /// <summary>
    /// Stops this process if it is in the background, as setting the terminal's modes would. Returns in the
    /// foreground, or where the kernel stops nobody: a process group that no shell looks after could not be woken.
    /// </summary>
    /// <remarks>
    /// The kernel looks and stops in one (tty_check_change). A signal raised after a look of our own would stop a
    /// process that the thread reading keys had stopped, and the shell woken, in between.
    /// </remarks>
    public static void AwaitForeground()
    {
        if (IsInBackground())
        {
            _ = Libc.DrainTerminal(StandardInput);
        }
    }

    /// <summary>
    /// Gives the terminal the modes back that it had when this was made, and stops this process as Ctrl-Z does where
    /// nobody listens to SIGTSTP: nobody may, when this is called. Returns in the foreground, with the modes of before.
    /// </summary>
    public void Suspend()
    {
        byte[]? own = Modes();
        Set(_modes);
        _ = Libc.Raise(StopByTerminal);
        AwaitForeground();
        Set(own);
    }

    private static unsafe byte[]? Modes()
    {
        byte[] modes = new byte[ModesBytes];
        fixed (byte* at = modes)
        {
            return Libc.GetTerminalModes(StandardInput, at) == 0 ? modes : null;
        }
    }

    // Who sets them in the background is stopped, by another signal.
    private static unsafe void Set(byte[]? modes)
    {
        fixed (byte* at = modes)
        {
            if (at != null && !IsInBackground())
            {
                _ = Libc.SetTerminalModes(StandardInput, Now, at);
            }
        }
    }

    private static bool IsInBackground() =>
        Libc.GetForegroundGroup(StandardInput) is var group and > 0 && group != Libc.GetProcessGroup();
}
