using Verso.Engine.Vmas;

namespace Verso.Lab.Explain.Copies;

/// <summary>Situations without some of the reasons that keep their VMAs apart.</summary>
public static class KeptReason
{
    /// <summary>Flags that only mmap gives: they go with what is mapped.</summary>
    internal const VmaFlags OfMapping = VmaFlags.NoReserve | VmaFlags.GrowsDown | VmaFlags.Droppable | VmaFlags.HugeTlb
        | VmaFlags.Shared | VmaFlags.MayShare | VmaFlags.MayAccess | VmaFlags.Special | VmaFlags.Sync;

    /// <summary>Flags that a fork does not hand on, or that keep it from handing on memory.</summary>
    internal const VmaFlags NotInherited = VmaFlags.LockedMask | VmaFlags.DontCopy | VmaFlags.WipeOnFork
        | VmaFlags.Userfault | VmaChanges.Sealed;

    /// <summary>
    /// The same situation with all causes undone but one: the sides differ in what this test looks at as they did, and
    /// are alike in all else.
    /// </summary>
    /// <param name="situation">The situation.</param>
    /// <param name="kept">One test; none: two VMAs that differ in nothing.</param>
    /// <exception cref="NotCopiedException">The cause is none, or does not come alone.</exception>
    public static Situation Keep(this Situation situation, MergeTests kept)
    {
        ArgumentNullException.ThrowIfNull(situation);
        bool isDrivers = !situation.Lower.Backing.IsOrdinary() && !situation.Upper.Backing.IsOrdinary();
        if (kept is MergeTests.Special or MergeTests.Close && !isDrivers)
        {
            throw new NotCopiedException($"{kept} without a driver");
        }

        if (kept == MergeTests.Special)
        {
            return Halves(situation, Backing.IoUring, VmaFlags.MixedMap | VmaFlags.DontExpand);
        }

        if (kept == MergeTests.Close)
        {
            return Halves(situation, Backing.Segment, VmaFlags.MayExec);
        }

        Situation ordinary = situation with { Lower = Ordinary(situation.Lower), Upper = Ordinary(situation.Upper) };
        SituationSide model = Model(ordinary, kept);
        ordinary = kept == MergeTests.File ? ordinary : WithOneFile(ordinary, model);
        ordinary = WithFlags(ordinary, kept, model);
        ordinary = WithAnonVmas(ordinary, kept);
        ordinary = ordinary with
        {
            Offsets = kept == MergeTests.PageOffset ? PageOffsets.Apart : PageOffsets.Linear,
            Upper = ordinary.Upper with
            {
                Policy = kept == MergeTests.Policy ? ordinary.Upper.Policy : ordinary.Lower.Policy,
            },
        };
        ordinary = kept == MergeTests.Name ? ordinary : WithOneName(ordinary, model);
        return (ordinary with
        {
            Lower = WithoutFile(ordinary.Lower),
            Upper = WithoutFile(ordinary.Upper),
        }).Renumbered();
    }

    // A file has none.
    private static Situation WithOneName(Situation situation, SituationSide model)
    {
        bool canBoth = MayHaveName(situation.Lower) && MayHaveName(situation.Upper);
        string? name = canBoth ? model.Name : null;
        return situation with
        {
            Lower = situation.Lower with { Name = name },
            Upper = situation.Upper with { Name = name },
        };
    }

    private static bool MayHaveName(SituationSide side) => side.Backing is Backing.Anonymous or Backing.SharedMemory;

    private static SituationSide WithoutFile(SituationSide side) => side.Backing switch
    {
        Backing.Anonymous => side with { File = 0 },
        Backing.Zero when side.IsShared => side with { Backing = Backing.SharedMemory },
        _ => side,
    };

    // Two halves of one mapping of a driver's: nothing else can differ.
    private static Situation Halves(Situation situation, Backing backing, VmaFlags flags)
    {
        VmaFlags drivers = situation.Lower.Backing == backing ? situation.Lower.Flags
            : situation.Upper.Backing == backing ? situation.Upper.Flags
            : flags | VmaFlags.Read | VmaFlags.Write | VmaFlags.Shared | VmaFlags.MayShare | VmaFlags.MayRead
                | VmaFlags.MayWrite;
        SituationSide half = new()
        {
            Backing = backing,
            File = 1,
            Flags = drivers & ~NotInherited,
        };
        return new Situation(half, half, PageOffsets.Linear);
    }

    private static SituationSide Ordinary(SituationSide side) => side.Backing.IsOrdinary()
        ? side
        : side with
        {
            Backing = Backing.File,
            File = side.File == 0 ? 3 : side.File,
            Flags = (side.Flags & ~(VmaFlags.Special | VmaFlags.HugeTlb))
                | (side.IsShared ? VmaFlags.MayExec : VmaFlags.MayAccess),
        };

    private static Situation WithOneFile(Situation situation, SituationSide model) => situation with
    {
        Lower = situation.Lower with { Backing = model.Backing, File = model.File },
        Upper = situation.Upper with { Backing = model.Backing, File = model.File },
    };

    // What both shall be like: what has the anon_vma that matters; what can be shared, if that matters; else what can
    // have most attributes.
    private static SituationSide Model(Situation situation, MergeTests kept)
    {
        (SituationSide lower, SituationSide upper) = (situation.Lower, situation.Upper);
        return kept switch
        {
            MergeTests.AnonVma or MergeTests.ForkedChain => lower.AnonVma != 0 ? lower : upper,
            MergeTests.Name => lower.Name is not null ? lower : upper,
            MergeTests.Flags when lower.IsShared || upper.IsShared => lower.IsShared ? lower : upper,
            _ => upper.Backing == Backing.Anonymous ? upper : lower,
        };
    }

    private static Situation WithFlags(Situation situation, MergeTests kept, SituationSide model)
    {
        (SituationSide lower, SituationSide upper) = (situation.Lower, situation.Upper);
        if (kept == MergeTests.Flags)
        {
            bool isOnlyUserfault = ((lower.Flags ^ upper.Flags) & ~VmaFlags.Userfault) == 0;
            return isOnlyUserfault
                ? situation with
                {
                    Lower = lower with { Userfault = 1, Flags = Watched(lower.Flags, VmaFlags.UffdMissing) },
                    Upper = upper with { Userfault = 1, Flags = Watched(upper.Flags, VmaFlags.UffdWp) },
                }
                : situation with
                {
                    Lower = lower with { Userfault = 0, Flags = lower.Flags & ~VmaFlags.Userfault },
                    Upper = upper with { Userfault = 0, Flags = upper.Flags & ~VmaFlags.Userfault },
                };
        }

        VmaFlags flags = model.Flags & ~NotInherited;
        if (kept == MergeTests.File)
        {
            flags &= ~(VmaFlags.GrowsDown | VmaFlags.Droppable);
        }

        // What was never written and may not be is not accounted for.
        flags |= (flags & VmaFlags.Account) != 0 ? VmaFlags.Read | VmaFlags.Write : 0;
        bool isWatched = kept == MergeTests.Userfaultfd;
        flags = isWatched ? Watched(flags, VmaFlags.UffdMissing) : flags;
        return situation with
        {
            Lower = lower with { Flags = flags, Userfault = isWatched ? 1 : 0 },
            Upper = upper with { Flags = flags, Userfault = isWatched ? 2 : 0 },
        };
    }

    private static VmaFlags Watched(VmaFlags flags, VmaFlags how) => (flags & ~VmaFlags.Userfault) | how;

    private static Situation WithAnonVmas(Situation situation, MergeTests kept)
    {
        (SituationSide lower, SituationSide upper) = (situation.Lower, situation.Upper);
        if (kept is MergeTests.AnonVma or MergeTests.ForkedChain)
        {
            return situation;
        }

        bool canShare = lower.Backing == upper.Backing && lower.File == upper.File
            && (lower.Flags & OfMapping) == (upper.Flags & OfMapping) && !lower.IsShared;
        if (!canShare)
        {
            // One anon_vma at most, or that would keep them apart too.
            bool isLowers = lower.AnonVma != 0 && !lower.IsShared;
            bool isUppers = upper.AnonVma != 0 && !upper.IsShared && !isLowers;
            return situation with
            {
                Lower = lower with { AnonVma = isLowers ? 1 : 0, Chain = isLowers ? 1 : 0 },
                Upper = upper with { AnonVma = isUppers ? 1 : 0, Chain = isUppers ? 1 : 0 },
            };
        }

        bool hasAny = (lower.AnonVma | upper.AnonVma) != 0 || kept == MergeTests.PageOffset;
        int one = hasAny ? 1 : 0;
        return situation with
        {
            Lower = lower with { AnonVma = one, Chain = one },
            Upper = upper with { AnonVma = one, Chain = one },
        };
    }
}
