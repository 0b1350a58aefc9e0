namespace Verso.Engine;

/// <summary>
/// What an rmap walk is for: which entries count as mapping a page, and under which name the walk is counted.
/// </summary>
public enum WalkPurpose
{
    /// <summary>To see who maps a page, as reclaim does before it decides (folio_referenced).</summary>
    Probe = 0,

    /// <summary>A check of Verso's own, which no kernel makes.</summary>
    Verify = 1,

    /// <summary>try_to_unmap, before a page is written to swap.</summary>
    Unmap = 2,

    /// <summary>try_to_migrate: the entries become migration entries.</summary>
    Migrate = 3,

    /// <summary>remove_migration_ptes: looks for migration entries, which become present again.</summary>
    Restore = 4,
}

/// <summary>What the walks of one purpose have cost.</summary>
public struct WalkTally
{
    public long Count;

    /// <summary>Candidates they looked at.</summary>
    public long Visited;

    /// <summary>Of those, the ones that mapped the page.</summary>
    public long Useful;

    /// <summary>Candidates looked at up to the one that met the map count.</summary>
    public long VisitedUntilDone;
}
