namespace Verso.Engine.ReverseMaps.AnonVmaFlags;

/// <summary>What guard markers have cost, in one way or another.</summary>
internal struct GuardBill
{
    /// <summary>MADV_GUARD_INSTALL, once a VMA.</summary>
    public long Installs;

    /// <summary>Of those, the ones that set ANON_VMA_UNFAULTED.</summary>
    public long Flagged;

    /// <summary>ANON_VMA_UNFAULTED became a real anon_vma.</summary>
    public long Replaced;

    /// <summary>It went with the last marker.</summary>
    public long Dropped;

    /// <summary>VMAs whose entries a fork copied because of markers, and nothing else.</summary>
    public long CopiedForGuards;

    /// <summary>VMAs whose entries a fork did not copy because the flag had been dropped, and those entries.</summary>
    public long Spared;
    public long EntriesSpared;

    /// <summary>Merges that nothing of the design but the ordinary flag refused.</summary>
    public long KeptApart;

    /// <summary>All of it, in order.</summary>
    /// <param name="prepared">Installs that gave the VMA an anon_vma.</param>
    public readonly IReadOnlyList<DesignFigure> Figures(long prepared) =>
    [
        new("guard installs", Installs),
        new("anon_vmas prepared for a guard", prepared),
        new("unfaulted flags set", Flagged),
        new("unfaulted flags replaced by an anon_vma", Replaced),
        new("unfaulted flags dropped with the last guard", Dropped),
        new("vmas copied at fork for guards alone", CopiedForGuards),
        new("vmas not copied at fork, guards being gone", Spared),
        new("entries not copied at fork, guards being gone", EntriesSpared),
        new("merges kept apart by a guard flag", KeptApart),
    ];
}
