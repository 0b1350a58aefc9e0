namespace Verso.Engine.ReverseMaps;

/// <summary>What a design says of itself in the catalogue.</summary>
/// <param name="Name">As given to --designs.</param>
/// <param name="Summary">One line.</param>
/// <param name="Source">The mail or commit it comes from.</param>
/// <param name="Owner">Who knows where a page is.</param>
public sealed record DesignFacts(string Name, string Summary, string Source, PageOwner Owner)
{
    /// <summary>What can be chosen about it, as <c>name:option=value</c>.</summary>
    public IReadOnlyList<DesignOption> Options { get; init; } = [];

    /// <summary>
    /// What it has in vm_area_struct, mm_struct and struct page; of the last, besides mapping and index, which files
    /// need.
    /// </summary>
    public IReadOnlyList<LayoutField> Layout { get; init; } = LayoutField.AnonVmaChain;

    /// <summary>Who owns pages where an option has this value.</summary>
    internal PageOwner OwnerWith(string option, string value) =>
        Options.FirstOrDefault(known => known.Name == option)
            ?.Values.FirstOrDefault(known => known.Name == value)?.Owner ?? Owner;

    /// <summary>What it adds to such a struct of Linux, or, below 0, takes from it.</summary>
    public KernelSize AddedTo(KernelStruct kind) =>
        KernelSize.Words(WordsIn(Layout, kind) - WordsIn(LayoutField.AnonVmaChain, kind));

    private static int WordsIn(IReadOnlyList<LayoutField> fields, KernelStruct kind) =>
        fields.Sum(field => field.Struct == kind ? field.Words : 0);

    /// <summary>What it keeps for each anonymous page outside struct page; null where that is nothing.</summary>
    public PageCost? PageCost { get; init; }
}

/// <summary>What a design keeps for pages.</summary>
/// <param name="Reason">Of what, in one line.</param>
/// <param name="LeastBytes">Bytes for each resident anonymous page, at least.</param>
/// <param name="BytesForAVma">Bytes for each VMA that has such pages, at least.</param>
/// <param name="MostBytesShared">
/// The most bytes besides for each mapping of a page that another address space maps too; null where nothing bounds it.
/// </param>
public sealed record PageCost(string Reason, int LeastBytes, int BytesForAVma, int? MostBytesShared);

/// <summary>Who knows where an anonymous page is.</summary>
public enum PageOwner
{
    /// <summary>The page table alone; fork copies entries.</summary>
    PageTable = 0,

    /// <summary>A memory object; the page table is a cache of it.</summary>
    Object = 1,
}

/// <summary>One choice that a design leaves open.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Meaning">One line.</param>
/// <param name="Values">What can be chosen; the first is the default.</param>
public sealed record DesignOption(string Name, string Meaning, params IReadOnlyList<OptionValue> Values);

/// <summary>One value of an option.</summary>
/// <param name="Name">As written.</param>
/// <param name="Meaning">A few words.</param>
/// <param name="Soundness">Whether the design keeps its promises with it.</param>
public sealed record OptionValue(string Name, string Meaning, Soundness Soundness = Soundness.Sound)
{
    /// <summary>Who knows where an anonymous page is, where this value changes that.</summary>
    public PageOwner? Owner { get; init; }
}

/// <summary>Whether a design keeps its promises (docs/writing-a-design.md).</summary>
public enum Soundness
{
    Sound = 0,

    /// <summary>A published form that breaks a property, kept so that the breaking can be seen.</summary>
    Broken = 1,
}
