namespace Verso.Engine.ReverseMaps;

/// <summary>
/// The anonymous reverse map of one VMA in the terms of Linux. Ids are unique within a machine and never 0.
/// </summary>
/// <param name="AnonVma"><c>vma->anon_vma</c>; 0 where NULL.</param>
/// <param name="Chain">Its chain, newest first.</param>
public sealed record AnonVmaView(ulong AnonVma, IReadOnlyList<ulong> Chain);
