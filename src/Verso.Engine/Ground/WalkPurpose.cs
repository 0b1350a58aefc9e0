namespace Verso.Engine;

/// <summary>
/// What an rmap walk is for: which entries count as mapping a page, and under which name the walk is counted.
/// </summary>
public enum WalkPurpose
{
    /// <summary>To see who maps a page (folio_referenced).</summary>
    Probe = 0,

    /// <summary>A check of Verso's own, which no kernel makes.</summary>
    Verify = 1,

    /// <summary>try_to_unmap, before a page is written to swap.</summary>
    Unmap = 2,

    /// <summary>try_to_migrate: the entries become migration entries.</summary>
    Migrate = 3,

    /// <summary>remove_migration_ptes: looks for migration entries, which become present again.</summary>
    Restore = 4,

    /// <summary>To see who maps a page that reclaim would take, one long untouched (folio_referenced).</summary>
    Reclaim = 5,
}

/// <summary>What kind of pages a walk is for.</summary>
public enum WalkedPages
{
    /// <summary>The design finds who maps them.</summary>
    Anonymous = 0,

    /// <summary>Page cache: the inode lists its VMAs, unless the design has the pages of files too.</summary>
    File = 1,
}
