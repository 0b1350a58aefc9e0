using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>Two VMAs that touch.</summary>
/// <param name="Lower">The one below.</param>
/// <param name="Upper">The one above.</param>
/// <param name="Verdict">Every test that keeps them apart; none: nothing does.</param>
public sealed record Boundary(VmaImage Lower, VmaImage Upper, MergeVerdict Verdict)
{
    /// <summary>The flags in which they differ; VM_SOFTDIRTY never keeps VMAs apart.</summary>
    public VmaFlags FlagsApart => (Lower.Flags ^ Upper.Flags) & ~VmaFlags.SoftDirty;

    /// <summary>No file behind either.</summary>
    public bool IsAnonymous => Lower.File.IsNone && Upper.File.IsNone;

    /// <summary>
    /// One of them allows no access and neither has a file: the guard page or the reserve of some allocator.
    /// </summary>
    public bool HasInaccessible =>
        IsAnonymous && ((Lower.Flags & VmaFlags.Access) == 0 || (Upper.Flags & VmaFlags.Access) == 0);
}
