namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>
/// <c>vma->anon_vma</c> as the word it is. What it points to is aligned, which leaves the low bits free: one is
/// ANON_VMA_UNFAULTED of the anon_vma flags (2025), clear in Linux.
/// </summary>
/// <remarks>An anon_vma takes the place of the whole word: no VMA has it beside the flag.</remarks>
internal readonly record struct AnonVmaPointer
{
    private const int FlagBits = 1;
    private readonly int _word;

    /// <summary>To an anon_vma, or NULL (0); no flag.</summary>
    public AnonVmaPointer(int anonVma) => _word = anonVma << FlagBits;

    private AnonVmaPointer(bool isUnfaulted) => _word = isUnfaulted ? 1 : 0;

    /// <summary>NULL with ANON_VMA_UNFAULTED.</summary>
    public static AnonVmaPointer Unfaulted => new(isUnfaulted: true);

    /// <summary>The flags masked off.</summary>
    public int AnonVma => _word >> FlagBits;

    public bool IsUnfaulted => (_word & 1) != 0;
}
