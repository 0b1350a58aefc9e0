using Verso.Engine;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain.Copies;

/// <summary>Makes a situation, call by call.</summary>
/// <remarks>
/// What differs in nothing can stand beside each other only if no call tried to merge it since it became alike. Fork is
/// such a way: it drops locks, and tries no merge. So memory that begins as one is locked in part, and forked:
/// <code>
///     | one VMA         |  mlock2 of a part     | locked |          |   fork    |        |          |
/// </code>
/// </remarks>
internal sealed class CopyBuilder
{
    private const VmaFlags Inherited = ~(KeptReason.NotInherited | KeptReason.OfMapping);
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    /// <summary>How many pages from its place memory with other page offsets is written.</summary>
    private const ulong AwayPages = 64;

    private readonly SituationCopy _copy;
    private readonly SituationSide _lower;
    private readonly SituationSide _upper;
    private readonly CopyFiles _files;

    private CopyBuilder(SituationCopy copy)
    {
        _copy = copy;
        _lower = copy.Situation.Lower;
        _upper = copy.Situation.Upper;
        _files = new CopyFiles(copy);
    }

    private CopyCalls Calls => _copy.Calls;

    private bool AreLinear => _copy.Situation.Offsets == PageOffsets.Linear;

    /// <summary>Both can begin as one mapping.</summary>
    private bool BeginAsOne => _lower.Backing == _upper.Backing && _lower.File == _upper.File
        && (_lower.Flags & KeptReason.OfMapping) == (_upper.Flags & KeptReason.OfMapping);

    /// <summary>Makes it; whether it is what was asked for is another question.</summary>
    public static void Build(SituationCopy copy) => new CopyBuilder(copy).Build();

    /// <summary>Sizes decide nothing: few, but as many as the driver wants.</summary>
    public static ulong PagesOf(SituationSide side) => side.Backing switch
    {
        Backing.HugeTlb => 512,
        Backing.PerfEvents => 5,
        _ => 4,
    };

    private void Build()
    {
        bool isForked = _lower.Chain > 1 || _upper.Chain > 1;
        bool haveOne = _lower.AnonVma != 0 && _lower.AnonVma == _upper.AnonVma;
        if (!_lower.Backing.IsOrdinary() && BeginAsOne && _lower.File != 0)
        {
            BuildHalves();
        }
        else if (haveOne && (isForked || !AreLinear))
        {
            BuildBlock();
        }
        else if (BeginAsOne && AreLinear && !isForked && _lower.Backing.IsOrdinary())
        {
            BuildTwins();
        }
        else
        {
            BuildApart();
        }

        Finish();
    }

    // A driver's mapping of which a part was changed, and changed back.
    private void BuildHalves()
    {
        _files.Map(_copy.Lower with { Bytes = _copy.Lower.Bytes + _copy.Upper.Bytes }, _lower, 0);
        Calls.Protect(_copy.Upper, Protection.None);
        Calls.Protect(_copy.Upper, _lower.Protection);
        SetInherited();
    }

    // One VMA that is written, and divided when it is as old as its chain.
    private void BuildBlock()
    {
        Require(BeginAsOne, "different memory with one anon_vma");
        CopyRange block = _copy.Lower with { Bytes = _copy.Upper.End - _copy.Lower.Start };
        ulong away = AreLinear ? 0 : AwayPages * Page.Size;
        MapOne(block with { Bytes = block.Bytes + away }, HomeOf(_copy.Lower, _lower));
        Calls.Write(_copy.Lower.Start);
        Calls.Write(_copy.Upper.Start + away);
        for (int age = 1; age < _lower.Chain; age++)
        {
            _copy.Fork();
        }

        if (!AreLinear)
        {
            Calls.Move(_copy.Upper with { Start = _copy.Upper.Start + away }, _copy.Upper.Start);
            Calls.Unmap(new CopyRange(_copy.Upper.End, away - _copy.Upper.Bytes));
        }

        SetInherited();
    }

    private void BuildTwins()
    {
        CopyRange both = _copy.Lower with { Bytes = _copy.Lower.Bytes + _copy.Upper.Bytes };
        MapOne(both, HomeOf(_copy.Lower, _lower));
        if (_lower.Policy == _upper.Policy && _lower.Policy != 0)
        {
            Calls.SetPolicy(both, _lower.Policy);
        }

        if (_lower.Name == _upper.Name && _lower.Name is not null)
        {
            Calls.SetName(both, _lower.Name);
        }

        Calls.Lock(_copy.Lower, VmaFlags.Locked | VmaFlags.LockOnFault);
        _copy.Fork();
        WriteBoth(_lower.AnonVma != 0, _upper.AnonVma != 0);
        SetInherited();
    }

    // Each is mapped when its time has come, and written where its page offsets are those of its place.
    private void BuildApart()
    {
        MapWhatChoosesItsPlace();
        (ulong lowerOffset, ulong upperOffset) = Offsets();
        int last = Math.Max(1, Math.Max(_lower.Chain, _upper.Chain));
        for (int age = last; age >= 1; age--)
        {
            bool isLower = age == Math.Max(1, _lower.Chain);
            bool isUpper = age == Math.Max(1, _upper.Chain);
            CopyRange lower = isLower ? MapSide(_copy.Lower, _lower, lowerOffset) : _copy.Lower;
            CopyRange upper = isUpper ? MapSide(_copy.Upper, _upper, upperOffset) : _copy.Upper;
            WriteBoth(isLower && _lower.AnonVma != 0, isUpper && _upper.AnonVma != 0, lower, upper);
            MoveHome(lower, _copy.Lower);
            MoveHome(upper, _copy.Upper);
            if (age > 1)
            {
                _copy.Fork();
            }
        }

        SetInherited();
    }

    private void MoveHome(CopyRange range, CopyRange home)
    {
        if (range.Start != home.Start)
        {
            Calls.Move(range, home.Start);
        }
    }

    // What it is beside goes where it is.
    private void MapWhatChoosesItsPlace()
    {
        if (_lower.Backing == Backing.KernelPages || _upper.Backing == Backing.KernelPages)
        {
            _files.MapKernelPages();
        }

        bool isRingBelow = _lower.Backing == Backing.IoUring;
        if (isRingBelow || _upper.Backing == Backing.IoUring)
        {
            Require(_lower.Backing != _upper.Backing, "rings of io_uring side by side");
            _files.Map(isRingBelow ? _copy.Lower : _copy.Upper, isRingBelow ? _lower : _upper, 0);
        }
    }

    private CopyRange MapSide(CopyRange range, SituationSide side, ulong pgoff)
    {
        if (side.Backing is Backing.IoUring or Backing.KernelPages)
        {
            return range;
        }

        CopyRange first = side.Backing == Backing.Anonymous ? range with { Start = pgoff << Page.Shift } : range;
        _files.Map(first, side, pgoff, FirstAccess(side.Flags));
        new VmaChanges(Calls).SetFlags(first, side.Flags, VmaFlags.Access);
        return first;
    }

    // Page offsets that continue each other or not; those of anonymous memory are where it is written first.
    private (ulong Lower, ulong Upper) Offsets()
    {
        ulong pages = _copy.Lower.Bytes >> Page.Shift;
        ulong away = AreLinear ? 0 : AwayPages;
        ulong lower = _copy.Lower.Start >> Page.Shift;
        ulong upper = _copy.Upper.Start >> Page.Shift;
        bool canMoveLower = _lower.Backing != Backing.Anonymous || _lower.AnonVma != 0;
        bool canMoveUpper = _upper.Backing != Backing.Anonymous || _upper.AnonVma != 0;
        Require(AreLinear || canMoveLower || canMoveUpper, "moved memory without an anon_vma");
        return canMoveUpper ? (lower, lower + pages + away) : (upper - pages - away, upper);
    }

    private static ulong HomeOf(CopyRange range, SituationSide side) =>
        side.Backing == Backing.Anonymous ? 0 : range.Start >> Page.Shift;

    private void MapOne(CopyRange range, ulong pgoff)
    {
        VmaFlags both = _lower.Flags & _upper.Flags;
        _files.Map(range, _lower, pgoff, FirstAccess(both));
        VmaFlags access = (_lower.Flags ^ _upper.Flags) & VmaFlags.Access;
        if (access == 0)
        {
            new VmaChanges(Calls).SetFlags(range, both, VmaFlags.Access);
        }

        new VmaChanges(Calls).SetFlags(range, both, Inherited & ~VmaFlags.Access & ~VmaFlags.Account & both);
    }

    // What may be written at first is accounted for, and stays so.
    private static Protection FirstAccess(VmaFlags flags)
    {
        const VmaFlags Unaccounted = VmaFlags.Shared | VmaFlags.MayShare | VmaFlags.NoReserve;
        Protection access = (Protection)(uint)(flags & VmaFlags.Access);
        return (flags & VmaFlags.Account) != 0 ? ReadWrite
            : (flags & Unaccounted) != 0 ? access
            : access & ~Protection.Write;
    }

    private void WriteBoth(bool lower, bool upper) => WriteBoth(lower, upper, _copy.Lower, _copy.Upper);

    // Neighbours that could be one get one anon_vma. While only one of them is left out of forks they could not.
    private void WriteBoth(bool isLower, bool isUpper, CopyRange lower, CopyRange upper)
    {
        bool keepApart = isLower && isUpper && _lower.AnonVma != _upper.AnonVma;
        if (keepApart)
        {
            Calls.Advise(upper, Advice.DontFork);
        }

        if (isLower)
        {
            Calls.Write(lower.Start);
        }

        if (isUpper)
        {
            Calls.Write(upper.Start);
        }

        if (keepApart)
        {
            Calls.Advise(upper, Advice.DoFork);
        }
    }

    private void SetInherited()
    {
        VmaChanges changes = new(Calls);
        changes.SetFlags(_copy.Lower, _lower.Flags, Inherited);
        changes.SetFlags(_copy.Upper, _upper.Flags, Inherited);
    }

    // First what they differ in: once they do, what they have in common cannot make them one.
    private void Finish()
    {
        SetPolicies();
        SetNames();
        VmaFlags different = _lower.Flags ^ _upper.Flags;
        const VmaFlags Last = KeptReason.NotInherited & ~VmaFlags.Userfault;
        VmaChanges changes = new(Calls);
        foreach (VmaFlags among in new[] { Last & different & ~VmaChanges.Sealed, Last & ~different, Last })
        {
            VmaFlags now = among == Last ? Last : among & ~VmaChanges.Sealed;
            changes.SetFlags(_copy.Lower, _lower.Flags, now);
            changes.SetFlags(_copy.Upper, _upper.Flags, now);
        }

        Watch(_copy.Lower, _lower);
        Watch(_copy.Upper, _upper);
    }

    private void SetPolicies()
    {
        foreach ((CopyRange range, SituationSide side) in new[] { (_copy.Lower, _lower), (_copy.Upper, _upper) })
        {
            if (side.Policy != 0 && (_lower.Policy != _upper.Policy || !AreTwins))
            {
                Calls.SetPolicy(range, side.Policy);
            }
        }
    }

    private void SetNames()
    {
        foreach ((CopyRange range, SituationSide side) in new[] { (_copy.Lower, _lower), (_copy.Upper, _upper) })
        {
            if (side.Name is not null && (_lower.Name != _upper.Name || !AreTwins))
            {
                Calls.SetName(range, side.Name);
            }
        }
    }

    private bool AreTwins => BeginAsOne && AreLinear && _lower.Chain <= 1 && _upper.Chain <= 1;

    private void Watch(CopyRange range, SituationSide side)
    {
        if (side.Userfault == 0)
        {
            return;
        }

        if (!_copy.Userfaults.TryGetValue(side.Userfault, out int descriptor))
        {
            descriptor = Calls.MakeUserfault();
            _copy.Userfaults.Add(side.Userfault, descriptor);
        }

        Calls.Register(range, descriptor, side.Flags);
    }

    private static void Require(bool isPossible, string otherwise)
    {
        if (!isPossible)
        {
            throw new NotCopiedException(otherwise);
        }
    }
}
