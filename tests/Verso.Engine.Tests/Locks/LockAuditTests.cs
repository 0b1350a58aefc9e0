namespace Verso.Engine.Tests.Locks;

/// <summary>The audit that all scenarios are under sees what it is there for.</summary>
public sealed class LockAuditTests
{
    private static readonly LockId _mmap = LockId.Of(new MmId(1));
    private static readonly LockId _root = new(LockClass.AnonVmaRoot, 4);
    private static readonly LockId _laterRoot = new(LockClass.AnonVmaRoot, 5);

    private readonly MachineLocks _locks = new(new Counters());
    private readonly LockAudit _audit;

    public LockAuditTests() => _audit = LockAudit.Of(_locks);

    [Fact]
    public void WhatIsInOrderPasses()
    {
        using (_locks.HoldMmap(new MmId(1), LockMode.Write, 3))
        {
            _locks.Begin(_root, LockMode.Write);
            _locks.Take(_laterRoot, LockMode.Write, 2);
            _locks.End(_root, LockMode.Write, 5);
        }

        Assert.Null(_audit.Check());
        Assert.Equal([1, 0, 2, 0, 0, 0, 0, 0], _locks.Taken);
        Assert.Equal([3, 0, 7, 0, 0, 0, 0, 0], _locks.Work);
    }

    [Fact]
    public void ALockIsNotTakenTwice()
    {
        _locks.Begin(_root, LockMode.Read);
        _locks.Take(_root, LockMode.Read, 1);
        Assert.Equal("AnonVmaRoot 4 is taken twice", _audit.Violation);
    }

    [Fact]
    public void AnOuterLockIsNotTakenUnderAnInnerOne()
    {
        _locks.Begin(_root, LockMode.Read);
        using MmapHold hold = _locks.HoldMmap(new MmId(1), LockMode.Write);
        Assert.Equal("Mmap 1 is taken under AnonVmaRoot 4", _audit.Violation);
    }

    [Fact]
    public void OfTwoRootsTheLesserIsTakenFirst()
    {
        _locks.Begin(_laterRoot, LockMode.Write);
        _locks.Take(_root, LockMode.Write, 0);
        Assert.Equal("AnonVmaRoot 4 is taken under AnonVmaRoot 5", _audit.Violation);
    }

    [Fact]
    public void TwoOfAnotherClassAreNotHeldAtOnce()
    {
        _locks.Begin(new LockId(LockClass.Extent, 1), LockMode.Write);
        _locks.Take(new LockId(LockClass.Extent, 2), LockMode.Write, 0);
        Assert.Equal("Extent 2 is taken under Extent 1", _audit.Violation);
    }

    [Fact]
    public void WhatIsReleasedWasTakenInThatMode()
    {
        _locks.Begin(_root, LockMode.Read);
        _locks.End(_root, LockMode.Write, 1);
        Assert.Equal("AnonVmaRoot 4 is released by task 0, which has not taken it so", _audit.Violation);
    }

    [Fact]
    public void WhoHasTakenItReleasesIt()
    {
        _locks.Task = 7;
        _locks.Begin(_root, LockMode.Read);
        _locks.Task = 8;
        _locks.End(_root, LockMode.Read, 1);
        Assert.Equal("AnonVmaRoot 4 is released by task 8, which has not taken it so", _audit.Violation);
    }

    [Fact]
    public void TheLockTakenLastIsReleasedFirst()
    {
        _locks.Begin(_root, LockMode.Write);
        _locks.Begin(_laterRoot, LockMode.Write);
        _locks.End(_root, LockMode.Write, 1);
        Assert.Equal("AnonVmaRoot 4 is released before AnonVmaRoot 5, which was taken after it", _audit.Violation);
    }

    [Fact]
    public void NothingIsHeldInTheEnd()
    {
        _locks.Begin(_mmap, LockMode.Write);
        Assert.Equal("1 locks are held still", _audit.Check());
    }

    [Fact]
    public void NothingGoesWhileItIsHeld()
    {
        _locks.Begin(_root, LockMode.Write);
        _locks.Gone(_root);
        Assert.Equal("AnonVmaRoot 4 goes while it is held", _audit.Violation);
    }

    [Fact]
    public void WhatIsGoneIsTold()
    {
        _locks.Take(_mmap, LockMode.Write, 1);
        _locks.Take(_root, LockMode.Write, 1);
        Assert.Null(_audit.Check());
        Assert.Equal("nobody was told that AnonVmaRoot 4 is gone", _audit.CheckEnd());
    }

    /// <summary>The tables of LockOrder have an entry for each; the mmap lock is outermost, that of a page innermost.</summary>
    [Fact]
    public void EveryClassIsInTheOrderAndCounted()
    {
        Assert.Equal(LockOrder.ClassCount, Enum.GetValues<LockClass>().Length);
        Assert.Equal(LockOrder.CountedCount, Enum.GetValues<CountedLock>().Length);
        foreach (LockClass lockClass in Enum.GetValues<LockClass>())
        {
            Assert.True(Enum.IsDefined(LockOrder.CountedAs(lockClass, LockMode.Read)));
            Assert.Equal(lockClass != LockClass.Mmap, LockOrder.MayTake(_mmap, new LockId(lockClass, 2)));
            Assert.Equal(lockClass != LockClass.Page, LockOrder.MayTake(new LockId(lockClass, 2), LockId.Of(new Pfn(1))));
        }
    }

    [Fact]
    public void WhatIsCountedWasTold()
    {
        _locks.Take(_root, LockMode.Write, 1);
        _locks.Log = null;
        _locks.Take(_root, LockMode.Write, 3);
        Assert.Equal("ReverseMapWrite: told 1 with 1 steps, counted 2 with 4", _audit.Check());
    }

    [Fact]
    public void AnOperationThatTakesTheMmapLockCallsNoneThatDoes() => Assert.Throws<InvariantException>(() =>
    {
        using MmapHold outer = _locks.HoldMmap(new MmId(1), LockMode.Write);
        using MmapHold inner = _locks.HoldMmap(new MmId(2), LockMode.Write);
    });
}
