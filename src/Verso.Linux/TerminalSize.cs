using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>How large a terminal is (TIOCGWINSZ).</summary>
/// <remarks>.NET puts the keypad in another mode before it answers that, and leaves it so.</remarks>
public static class TerminalSize
{
    /// <summary>Standard output.</summary>
    public const int Output = 1;

    /// <summary>Standard error.</summary>
    public const int Error = 2;

    private const ulong GetWindowSize = 0x5413;

    /// <summary>Columns and lines; 0 of what is no terminal, and of one that does not know, as a serial line.</summary>
    public static unsafe (int Columns, int Lines) Of(int descriptor)
    {
        // Lines, columns, and pixels, which nobody fills in.
        ushort* size = stackalloc ushort[4];
        return Libc.Control(descriptor, GetWindowSize, size) == 0 ? (size[1], size[0]) : (0, 0);
    }
}
