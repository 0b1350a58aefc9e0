using Verso.Engine.Images;

namespace Verso.Lab.Fidelity;

/// <summary>
/// The VMAs of two images that begin at one address, with their places there; -1 where a side has none.
/// </summary>
internal readonly record struct VmaPair(VmaImage? Ours, int OurPlace, VmaImage? Kernels, int KernelPlace)
{
    /// <summary>Both sides have one.</summary>
    public bool IsWhole => Ours is not null && Kernels is not null;
}
