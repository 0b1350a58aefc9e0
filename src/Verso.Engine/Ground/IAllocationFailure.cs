namespace Verso.Engine;

/// <summary>Decides which allocations fail.</summary>
public interface IAllocationFailure
{
    /// <summary>True if the allocation of this object must fail. Called once an allocation, in order.</summary>
    bool ShouldFail(string objectType);
}
