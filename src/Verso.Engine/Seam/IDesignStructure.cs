namespace Verso.Engine.ReverseMaps;

/// <summary>An object of a design.</summary>
/// <param name="Type">As the ledger names it; empty: no object.</param>
/// <param name="Handle">Which of that type.</param>
public readonly record struct DesignObject(string Type, int Handle)
{
    /// <summary>The type of an object that is part of a file's inode.</summary>
    public const string Inode = "inode";
}

/// <summary>Takes down the objects of a design and what names which, to be drawn for people.</summary>
public interface IDesignStructure
{
    /// <summary>An object.</summary>
    /// <param name="what">It.</param>
    /// <param name="parent">The one that it hangs on; default: on none.</param>
    /// <returns>
    /// Whether it was not taken down before: else what it holds and what is above it was too, and need not be looked
    /// for.
    /// </returns>
    bool Add(DesignObject what, DesignObject parent = default);

    /// <summary>An object that was just added holds so many pages, in memory or in swap.</summary>
    void Holds(DesignObject what, long pages);

    /// <summary>A VMA leads to an object.</summary>
    /// <param name="vma">It.</param>
    /// <param name="what">The object.</param>
    /// <param name="isForNew">Whether it is what new pages of the VMA name.</param>
    void Leads(VmaId vma, DesignObject what, bool isForNew);

    /// <summary>An address space has an object.</summary>
    void Leads(MmId mm, DesignObject what);
}
