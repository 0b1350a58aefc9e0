namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>When a VMA gets an anon_vma of its own.</summary>
internal enum AnonVmaOwnership
{
    /// <summary>With the first link of its chain: at the first private write, and at fork for the child.</summary>
    WithTheChain = 0,

    /// <summary>When it is forked itself; until then it may be linked to those of its ancestors only.</summary>
    Deferred = 1,
}
