using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>
/// What decides a kernel's answers beside its version: how it was built, the processor, how much memory there is.
/// </summary>
/// <param name="Names">Whether anonymous memory may have names.</param>
/// <param name="Keys">Whether execute-only memory has a protection key.</param>
public readonly record struct HostTraits(AnonymousNames Names, ProtectionKeys Keys)
{
    /// <summary>What is mapped where anonymous memory is read first.</summary>
    public ZeroPages Zeroes { get; init; }

    /// <summary>What ARCH_MAP_VDSO_64 maps.</summary>
    public VdsoLayout Vdso { get; init; } = VdsoLayout.Linux61844;

    /// <summary>Where the file system of the scenarios' regular files places large mappings.</summary>
    public FilePlacement Files { get; init; }

    /// <summary>vm.overcommit_memory.</summary>
    public int OvercommitMode { get; init; }

    /// <summary>
    /// Memory and swap in pages. A tebibyte, unless a machine was asked: scenarios want either less than any machine
    /// has or more.
    /// </summary>
    public ulong MemoryPages { get; init; } = 1UL << 28;

    /// <summary>Whether so many pages are committed at once.</summary>
    public bool Commits(long pages) => OvercommitMode != 0 || (ulong)Math.Max(pages, 0) <= MemoryPages;
}
