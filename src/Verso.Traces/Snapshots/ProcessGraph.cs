using Verso.Engine.Images;

namespace Verso.Traces.Snapshots;

/// <summary>One process as it was read.</summary>
/// <param name="Pid">Its process id, in the pid namespace of who read it.</param>
/// <param name="Command">The name of its first thread (<c>comm</c>), at most 15 bytes.</param>
/// <param name="StartNanoseconds">When it started, in nanoseconds of CLOCK_BOOTTIME; with the pid its identity.</param>
/// <param name="Image">Its address space.</param>
/// <param name="Reading">Whether the image is of one moment.</param>
public sealed record ProcessGraph(
    int Pid, string Command, ulong StartNanoseconds, MmImage Image, GraphReading Reading)
{
    /// <summary>
    /// What was resident, about when the image was read; null if nobody looked, or the process had ended by then.
    /// </summary>
    public ResidentMemory? Memory { get; init; }

    /// <summary>
    /// What page tables held of its private file mappings, about when the image was read; null if nobody looked. A file
    /// keeps it only beside <see cref="Memory"/>.
    /// </summary>
    public FilePages? FilePages { get; init; }
}

/// <summary>Whether the VMAs of an image belong to one moment.</summary>
public enum GraphReading
{
    /// <summary>Nobody took the write lock of the address space while its VMAs were read.</summary>
    Whole = 0,

    /// <summary>
    /// Somebody did, or the process exec'd: every VMA was so at some moment of the reading, but maybe not together.
    /// </summary>
    Changed = 1,
}
