using Verso.Engine.Vmas;
using Verso.Lab.Explain.Copies;

namespace Verso.Lab.Tests;

/// <summary>Situations that a program could get into: two alike, then one to three changes of one side.</summary>
internal sealed class SituationGenerator(int seed)
{
    private const VmaFlags Everything = VmaFlags.MayRead | VmaFlags.MayWrite | VmaFlags.MayExec;
    private const VmaFlags ReadWrite = VmaFlags.Read | VmaFlags.Write;
    private const VmaFlags Sealed = (VmaFlags)(1UL << 42);

    /// <summary>Flags that calls give to memory of any kind.</summary>
    private static readonly VmaFlags[] _attributes =
    [
        VmaFlags.SeqRead, VmaFlags.RandRead, VmaFlags.DontCopy, VmaFlags.DontDump, VmaFlags.WipeOnFork, VmaFlags.HugePage,
        VmaFlags.NoHugePage, VmaFlags.Mergeable, VmaFlags.Locked, VmaFlags.LockedMask, VmaFlags.Exec, Sealed,
    ];

    private static readonly string?[] _names = [null, "heap", "stack"];

    private readonly Random _random = new(seed);

    /// <summary>What the merge tests must say of a situation, put down a second time.</summary>
    public static MergeTests Expect(Situation situation)
    {
        (SituationSide lower, SituationSide upper) = (situation.Lower, situation.Upper);
        bool special = (lower.Flags & VmaFlags.Special) != 0 && (upper.Flags & VmaFlags.Special) != 0;
        bool closes = HasClose(lower) && HasClose(upper);
        bool forked = (lower.AnonVma == 0) != (upper.AnonVma == 0) && lower.Chain + upper.Chain > 1;
        return (lower.Policy != upper.Policy ? MergeTests.Policy : 0)
            | (lower.Flags != upper.Flags ? MergeTests.Flags : 0)
            | (lower.File != upper.File ? MergeTests.File : 0)
            | (lower.Name != upper.Name ? MergeTests.Name : 0)
            | (lower.Userfault != upper.Userfault ? MergeTests.Userfaultfd : 0)
            | (lower.AnonVma != 0 && upper.AnonVma != 0 && lower.AnonVma != upper.AnonVma ? MergeTests.AnonVma : 0)
            | (forked ? MergeTests.ForkedChain : 0)
            | (situation.Offsets == PageOffsets.Apart ? MergeTests.PageOffset : 0)
            | (special ? MergeTests.Special : 0)
            | (closes ? MergeTests.Close : 0);
    }

    private static bool HasClose(SituationSide side) =>
        side.Backing is Backing.Segment or Backing.HugeTlb or Backing.PerfEvents;

    /// <summary>Drivers' memory beside others, which programs have and chance has not.</summary>
    public static IEnumerable<Situation> BesideDrivers()
    {
        SituationSide plain = new() { Flags = Everything | ReadWrite | VmaFlags.Account };
        SituationSide faulted = plain with { AnonVma = 1, Chain = 1 };
        VmaFlags shared = VmaFlags.MayRead | VmaFlags.MayWrite | ReadWrite | VmaFlags.Shared | VmaFlags.MayShare;
        SituationSide[] drivers =
        [
            new() { Backing = Backing.Segment, File = 1, Flags = shared | VmaFlags.MayExec },
            new()
            {
                Backing = Backing.PerfEvents, File = 1,
                Flags = shared | VmaFlags.DontCopy | VmaFlags.DontExpand | VmaFlags.DontDump | VmaFlags.Io | VmaFlags.PfnMap,
            },
            new() { Backing = Backing.IoUring, File = 1, Flags = shared | VmaFlags.DontExpand | VmaFlags.MixedMap },
        ];
        foreach (SituationSide driver in drivers)
        {
            yield return new Situation(plain, driver, PageOffsets.Apart);
            yield return new Situation(driver, plain, PageOffsets.Apart);
            yield return new Situation(faulted, driver, PageOffsets.Apart);
            yield return new Situation(driver, faulted with { Chain = 2 }, PageOffsets.Apart);
        }

        yield return new Situation(drivers[0], drivers[0] with { File = 2 }, PageOffsets.Apart);
        yield return new Situation(drivers[1], drivers[1] with { File = 2 }, PageOffsets.Apart);
    }

    /// <summary>The next one. Not each can be made.</summary>
    public Situation Next()
    {
        Situation situation = Start();
        if (!situation.Lower.Backing.IsOrdinary())
        {
            return situation;
        }

        situation = WithAnonVmas(situation);
        for (int left = _random.Next(4); left > 0; left--)
        {
            situation = Change(situation);
        }

        return OnlyWhatCanBe(situation).Renumbered();
    }

    /// <summary>The next one in which something is named: only kernels with CONFIG_ANON_VMA_NAME can show it.</summary>
    public Situation NextNamed()
    {
        while (true)
        {
            Situation situation = Next();
            situation = situation with { Lower = Named(situation.Lower), Upper = Named(situation.Upper) };
            if ((situation.Lower.Name ?? situation.Upper.Name) is not null)
            {
                return situation;
            }
        }
    }

    // Files have no names, but copies of shared memory are memfds, which have.
    private SituationSide Named(SituationSide side) => side.Backing is Backing.Anonymous or Backing.SharedMemory
        ? side with { Name = _names[_random.Next(_names.Length)] }
        : side;

    // Different memory has no anon_vma in common, and some attributes are for memory without a file.
    private static Situation OnlyWhatCanBe(Situation situation)
    {
        (SituationSide lower, SituationSide upper) = (OnlyWhatCanBe(situation.Lower), OnlyWhatCanBe(situation.Upper));
        const VmaFlags OfMapping = VmaFlags.GrowsDown | VmaFlags.NoReserve | VmaFlags.Shared;
        bool differ = lower.File != upper.File || ((lower.Flags ^ upper.Flags) & OfMapping) != 0;
        return situation with
        {
            Lower = lower,
            Upper = differ && upper.AnonVma != 0 ? upper with { AnonVma = 2 } : upper,
        };
    }

    private static SituationSide OnlyWhatCanBe(SituationSide side)
    {
        const VmaFlags Watched = VmaFlags.UffdMissing | VmaFlags.UffdWp;
        VmaFlags never = (side.Backing == Backing.Anonymous ? 0 : VmaFlags.WipeOnFork)
            | (side.Backing == Backing.File ? Watched : 0)
            | (side.IsShared ? VmaFlags.Mergeable : 0);
        return side with
        {
            Flags = side.Flags & ~never,
            Userfault = side.Backing == Backing.File ? 0 : side.Userfault,
        };
    }

    private Situation Start()
    {
        Backing backing = _random.Next(16) switch
        {
            < 8 => Backing.Anonymous,
            8 or 9 or 10 => Backing.File,
            11 or 12 => Backing.SharedMemory,
            13 => Backing.Zero,
            14 => Backing.Segment,
            _ => _random.Next(2) == 0 ? Backing.IoUring : Backing.HugeTlb,
        };
        bool isShared = backing is Backing.Segment or Backing.IoUring
            || (backing is Backing.SharedMemory && _random.Next(2) == 0);
        VmaFlags shared = isShared
            ? VmaFlags.Shared | VmaFlags.MayShare
            : VmaFlags.None;
        VmaFlags driver = backing switch
        {
            Backing.IoUring => VmaFlags.DontExpand | VmaFlags.MixedMap,
            Backing.HugeTlb => VmaFlags.HugeTlb | VmaFlags.DontExpand | VmaFlags.NoReserve,
            _ => VmaFlags.None,
        };
        VmaFlags access = backing.IsOrdinary() && _random.Next(3) == 0 ? VmaFlags.Read : ReadWrite;
        VmaFlags account = backing.IsOrdinary() && shared == 0 && access == ReadWrite ? VmaFlags.Account : VmaFlags.None;
        SituationSide side = new()
        {
            Backing = backing,
            File = backing == Backing.Anonymous ? 0 : 1,
            Flags = (backing == Backing.IoUring ? Everything & ~VmaFlags.MayExec : Everything)
                | access | shared | driver | account,
        };
        return new Situation(side, side, PageOffsets.Linear);
    }

    private Situation WithAnonVmas(Situation situation)
    {
        if (situation.Lower.IsShared)
        {
            return situation;
        }

        int chain = _random.Next(3) == 0 ? _random.Next(2, 5) : 1;
        (SituationSide lower, SituationSide upper) = (situation.Lower, situation.Upper);
        return _random.Next(5) switch
        {
            0 => situation,
            1 => situation with { Lower = lower with { AnonVma = 1, Chain = chain } },
            2 => situation with { Upper = upper with { AnonVma = 1, Chain = chain } },
            3 => situation with
            {
                Lower = lower with { AnonVma = 1, Chain = chain },
                Upper = upper with { AnonVma = 1, Chain = chain },
            },
            _ => situation with
            {
                Lower = lower with { AnonVma = 1, Chain = chain },
                Upper = upper with { AnonVma = 2, Chain = _random.Next(2) == 0 ? chain : 1 },
            },
        };
    }

    private Situation Change(Situation situation)
    {
        (SituationSide lower, SituationSide upper) = (situation.Lower, situation.Upper);
        switch (_random.Next(9))
        {
            case 0:
                return situation with { Offsets = PageOffsets.Apart };
            case 1:
                return situation with { Lower = lower with { Policy = _random.Next(3) }, Upper = upper with { Policy = 1 } };
            case 2:
                return Watch(situation);
            case 3:
                return situation with { Upper = upper with { File = upper.Backing == Backing.Anonymous ? 0 : 2 } };
            case 4:
                return situation with { Upper = OtherMemory(upper) };
            case 5:
                return situation with { Lower = lower with { Flags = lower.Flags & ~ReadWrite } };
            default:
                VmaFlags flag = _attributes[_random.Next(_attributes.Length)];
                return _random.Next(2) == 0
                    ? situation with { Lower = lower with { Flags = lower.Flags ^ flag } }
                    : situation with { Upper = upper with { Flags = upper.Flags ^ flag } };
        }
    }

    private Situation Watch(Situation situation)
    {
        VmaFlags how = _random.Next(2) == 0 ? VmaFlags.UffdMissing : VmaFlags.UffdWp;
        SituationSide lower = situation.Lower with
        {
            Userfault = 1,
            Flags = situation.Lower.Flags | VmaFlags.UffdMissing,
        };
        SituationSide upper = situation.Upper with { Userfault = _random.Next(1, 3), Flags = situation.Upper.Flags | how };
        return _random.Next(3) switch
        {
            0 => situation with { Lower = lower },
            _ => situation with { Lower = lower, Upper = upper },
        };
    }

    private SituationSide OtherMemory(SituationSide side)
    {
        SituationSide plain = side with { Flags = side.Flags & ~(VmaFlags.Account | ReadWrite) };
        return _random.Next(5) switch
        {
            0 => plain with { Flags = plain.Flags | ReadWrite | VmaFlags.NoReserve },
            1 => plain with { Flags = side.Flags | VmaFlags.GrowsDown, Backing = Backing.Anonymous, File = 0 },
            2 => plain with
            {
                Backing = Backing.File,
                File = 3,
                AnonVma = 0,
                Chain = 0,
                Flags = plain.Flags | ReadWrite | VmaFlags.Shared | VmaFlags.MayShare,
            },
            3 => plain with { Backing = Backing.File, File = 3, AnonVma = 0, Chain = 0 },
            _ => new SituationSide { Flags = Everything | VmaFlags.Read },
        };
    }
}
