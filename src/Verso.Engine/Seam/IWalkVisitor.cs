namespace Verso.Engine.ReverseMaps;

/// <summary>Receives the candidates of a walk.</summary>
public interface IWalkVisitor
{
    /// <summary>This page of this address space may map the folio. Returns whether the walk goes on.</summary>
    WalkStep Visit(MmId mm, ulong address);

    /// <summary>
    /// So many candidates were looked at that the design could tell by itself not to map the folio: useless visits,
    /// counted but not offered.
    /// </summary>
    void Dismiss(int count);
}

/// <summary>Whether a walk goes on.</summary>
public enum WalkStep
{
    Continue = 0,
    Stop = 1,
}
