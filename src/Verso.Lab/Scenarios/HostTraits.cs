using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>What decides a kernel's answers beside its version: how it was built, and the processor.</summary>
/// <param name="Names">Whether anonymous memory may have names.</param>
/// <param name="Keys">Whether execute-only memory has a protection key.</param>
public readonly record struct HostTraits(AnonymousNames Names, ProtectionKeys Keys)
{
    /// <summary>What ARCH_MAP_VDSO_64 maps.</summary>
    public VdsoLayout Vdso { get; init; } = VdsoLayout.Linux61844;
}
