namespace Verso.Engine;

/// <summary>
/// The special mappings of the vDSO on x86-64, by ascending address, in pages: how a kernel was built decides them
/// (arch/x86/entry/vdso).
/// </summary>
/// <param name="DataPages">[vvar].</param>
/// <param name="ClockPages">[vvar_vclock]; 0 where the clocks are part of [vvar].</param>
/// <param name="TextPages">[vdso], the image.</param>
public readonly record struct VdsoLayout(int DataPages, int ClockPages, int TextPages)
{
    /// <summary>Those of the reference machine.</summary>
    public static VdsoLayout Linux61844 { get; } = new(4, 2, 2);

    /// <summary>All of them together.</summary>
    public int Pages => DataPages + ClockPages + TextPages;
}
