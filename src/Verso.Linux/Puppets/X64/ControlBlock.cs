using System.Runtime.InteropServices;

namespace Verso.Linux.Puppets.X64;

/// <summary>
/// What the tool and the one puppet that runs tell each other, in the second page of the image. Only one puppet of a
/// theatre runs at a time, so one block serves all.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlBlock
{
    /// <summary>Where the puppet goes when it is resumed: one of the image's entries.</summary>
    internal ulong Entry;

    /// <summary>The system call's number.</summary>
    internal long Number;

    internal ulong First;
    internal ulong Second;
    internal ulong Third;
    internal ulong Fourth;
    internal ulong Fifth;
    internal ulong Sixth;

    /// <summary>What the puppet answers; valid when <see cref="Done"/> is not 0.</summary>
    internal long Result;

    /// <summary>Set by the puppet when the step is over.</summary>
    internal ulong Done;

    /// <summary>How many bytes above itself a freshly executed image unmaps.</summary>
    internal ulong StripBytes;

    /// <summary>Whether a freshly executed image has a tracer; if not it waits for one.</summary>
    internal ulong Traced;
}
