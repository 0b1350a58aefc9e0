using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.LockStep;

/// <summary>One address space on both sides.</summary>
/// <param name="Letter">What the difference calls it.</param>
/// <param name="Engine">The engine's; null if there is none.</param>
/// <param name="Kernel">The kernel's; null if there is none.</param>
public readonly record struct SpacePair(char Letter, MmImage? Engine, MmImage? Kernel);

/// <summary>What of the images is compared, and how it is told.</summary>
public sealed record GraphScope
{
    /// <summary>VMAs that end at or below this byte address are left out.</summary>
    public ulong From { get; init; }

    /// <summary>VMAs that begin at or above this byte address are left out.</summary>
    public ulong To { get; init; } = Page.TaskSize;

    /// <summary>The flags that must be equal.</summary>
    public VmaFlags Flags { get; init; } = (VmaFlags)ulong.MaxValue;

    /// <summary>How an address is written, for example as a page of a window; hexadecimal by default.</summary>
    public Func<ulong, string> Address { get; init; } = static address => $"{address:x}";

    internal bool Includes(VmaImage vma) => vma.End > From && vma.Start < To;
}
