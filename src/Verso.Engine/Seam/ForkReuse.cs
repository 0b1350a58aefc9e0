namespace Verso.Engine;

/// <summary>
/// Which <c>anon_vma</c> the kernel's <c>anon_vma_fork</c> gave one VMA of a child, where the log saw it. Only needed
/// where relatives were unlinking or cloning at the same time: the order of that is decided by the lock of the root
/// <c>anon_vma</c>, which no event shows.
/// </summary>
/// <param name="Start">First byte address of the VMA.</param>
/// <param name="Place">
/// <see cref="New"/>, or which of the child's chain was reused, counted from 1 at its head; or <see cref="Derive"/>.
/// </param>
public readonly record struct ForkReuse(ulong Start, int Place)
{
    /// <summary>Unknown: by the rules.</summary>
    public const int Derive = 0;

    /// <summary>A new anon_vma was allocated.</summary>
    public const int New = -1;
}
