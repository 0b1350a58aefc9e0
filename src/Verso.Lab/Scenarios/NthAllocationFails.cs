using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>Makes one allocation fail: the n-th after it was armed.</summary>
public sealed class NthAllocationFails : IAllocationFailure
{
    private long _remaining;

    /// <summary>What failed since the last arming; null if nothing did.</summary>
    public string? Failed { get; private set; }

    /// <summary>Allocations since the last arming.</summary>
    public long Asked { get; private set; }

    /// <summary>The n-th allocation from now fails; 0: none.</summary>
    public void Arm(long nth)
    {
        _remaining = nth;
        Failed = null;
        Asked = 0;
    }

    public bool ShouldFail(string objectType)
    {
        Asked++;
        if (_remaining == 0 || --_remaining > 0)
        {
            return false;
        }

        Failed = objectType;
        return true;
    }
}
