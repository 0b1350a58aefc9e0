namespace Verso.Reports.Json;

/// <summary><c>verso designs -j</c>: the catalogue.</summary>
/// <example>verso designs -j</example>
/// <param name="Schema"><c>verso-designs/1</c></param>
/// <param name="Designs">Every design, in the order of the catalogue.</param>
public sealed record CatalogueDocument(string Schema, IReadOnlyList<CatalogueEntryDocument> Designs);

/// <summary>One design of the catalogue.</summary>
/// <param name="Name">As <c>--designs</c> takes it.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Source">Where it is from.</param>
/// <param name="Owner">Who knows where an anonymous page is: <c>page-table</c>, <c>object</c>.</param>
/// <param name="Reference">True of the one that is held to the kernel's own VMAs and graph.</param>
/// <param name="Layout">What it has in structs of the kernel.</param>
/// <param name="Options">What can be chosen about it, as <c>name:option=value</c>.</param>
public sealed record CatalogueEntryDocument(
    string Name,
    string Summary,
    string Source,
    string Owner,
    bool Reference,
    IReadOnlyList<LayoutFieldDocument> Layout,
    IReadOnlyList<DesignOptionDocument> Options);

/// <summary>A field that a design has in a struct of the kernel.</summary>
/// <param name="Struct"><c>vma</c>, <c>mm</c> or <c>page</c>.</param>
/// <param name="Field">Its name.</param>
/// <param name="Bytes64"><unit>bytes</unit> Of a machine of 64 bits.</param>
/// <param name="Bytes32"><unit>bytes</unit> Of a machine of 32 bits.</param>
public sealed record LayoutFieldDocument(string Struct, string Field, int Bytes64, int Bytes32);

/// <summary>One option of a design.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Meaning">In a line.</param>
/// <param name="Values">What can be chosen; the first is the default.</param>
public sealed record DesignOptionDocument(string Name, string Meaning, IReadOnlyList<OptionValueDocument> Values);

/// <summary>One value of an option.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Meaning">In a few words.</param>
/// <param name="Broken">Whether the design breaks the specification with it.</param>
public sealed record OptionValueDocument(string Name, string Meaning, bool Broken);
