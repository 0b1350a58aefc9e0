namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>
/// Every frame knows its page-table entries: one directly, more in a chain of cache-line blocks. See
/// docs/designs/pte-chain.md.
/// </summary>
/// <remarks>
/// Anonymous neighbours always join: a chain leads to entries, never to VMAs.
/// </remarks>
public sealed class PteChainMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "pte-chain",
        "Each page lists the page-table entries that map it",
        "Rik van Riel, 2.5 (2002); the mail of 12 March 2004 says why it went",
        PageOwner.PageTable)
    {
        Layout =
        [
            new(KernelStruct.Page, "pte: the entry, or the chain of blocks", 1),
            LayoutField.FileMap,
        ],
        Options =
        [
            new(
                "files",
                "whether pages of files and shared memory have chains too",
                new OptionValue("false", "anonymous pages only"),
                new OptionValue("true", "all pages, as in 2.5")),
        ],
        PageCost = new PageCost("pte_chain blocks of shared pages; two mappings take one of 64 bytes", 0, 0, 32),
    };

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    /// <inheritdoc/>
    public override bool OwnsFilePages => Chains.TracksFiles;

    internal PteChains Chains { get; } = new();

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        Chains.Start(world, Chosen("files") == "true");
    }

    /// <inheritdoc/>
    public override void EndMm(Mm mm) => Chains.ReturnSpares();

    /// <inheritdoc/>
    public override string? Audit() => Chains.Audit();
}
