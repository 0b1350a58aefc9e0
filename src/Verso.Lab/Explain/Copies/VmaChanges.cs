using Verso.Engine;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain.Copies;

/// <summary>Gives a range of a process other attributes, by the calls any process has for that.</summary>
/// <param name="calls">Whose.</param>
internal sealed class VmaChanges(CopyCalls calls)
{
    /// <summary>VM_SEALED (mseal).</summary>
    public const VmaFlags Sealed = (VmaFlags)(1UL << 42);

    private const Protection ReadWrite = Protection.Read | Protection.Write;

    /// <summary>Flags that advice gives and takes. Advice that takes: null where there is no way back.</summary>
    private static readonly (VmaFlags Flag, Advice Give, Advice? Take)[] _advice =
    [
        (VmaFlags.SeqRead, Advice.Sequential, Advice.Normal),
        (VmaFlags.RandRead, Advice.Random, Advice.Normal),
        (VmaFlags.DontCopy, Advice.DontFork, Advice.DoFork),
        (VmaFlags.DontDump, Advice.DontDump, Advice.DoDump),
        (VmaFlags.WipeOnFork, Advice.WipeOnFork, Advice.KeepOnFork),
        (VmaFlags.HugePage, Advice.HugePage, null),
        (VmaFlags.NoHugePage, Advice.NoHugePage, null),
        (VmaFlags.Mergeable, Advice.Mergeable, Advice.Unmergeable),
    ];

    /// <summary>Changes the flags of a range that is one VMA's.</summary>
    /// <param name="range">The range.</param>
    /// <param name="wanted">What they shall be; flags that only mmap gives are not looked at.</param>
    /// <param name="among">Only these are changed.</param>
    public void SetFlags(CopyRange range, VmaFlags wanted, VmaFlags among)
    {
        VmaFlags different = (calls.FlagsAt(range.Start) ^ wanted) & among;
        SetAccess(range, wanted, different);
        foreach ((VmaFlags flag, Advice give, Advice? take) in _advice)
        {
            // Another advice may have given or taken this flag too.
            if ((different & flag) == 0 || ((calls.FlagsAt(range.Start) ^ wanted) & flag) == 0)
            {
                continue;
            }

            calls.Advise(range, (wanted & flag) != 0 ? give : take ?? throw new NotCopiedException($"{flag} stays"));
        }

        if ((different & VmaFlags.LockedMask) != 0)
        {
            calls.Lock(range, wanted & VmaFlags.LockedMask);
        }

        if ((different & Sealed) != 0)
        {
            calls.Seal(range);
        }
    }

    /// <summary>What both flags of a pair can be made by calls, without a new mapping.</summary>
    /// <exception cref="NotCopiedException">Not all of what they differ in can be changed.</exception>
    public static VmaFlags Reconcile(VmaFlags lower, VmaFlags upper)
    {
        const VmaFlags OneWay = VmaFlags.HugePage | VmaFlags.NoHugePage | VmaFlags.Account | Sealed;
        VmaFlags changeable = VmaFlags.Access | VmaFlags.LockedMask | OneWay | VmaFlags.Userfault;
        foreach ((VmaFlags flag, _, _) in _advice)
        {
            changeable |= flag;
        }

        VmaFlags different = lower ^ upper;
        if ((different & ~changeable) != 0)
        {
            throw new NotCopiedException($"no call changes {different & ~changeable}");
        }

        // What may be written stays accounted for, what never was written does not when it may not be any more.
        VmaFlags both = (lower & ~OneWay) | ((lower | upper) & (OneWay | VmaFlags.Access));
        both |= (both & VmaFlags.Account) != 0 ? VmaFlags.Read | VmaFlags.Write : 0;
        return (both & (VmaFlags.HugePage | VmaFlags.NoHugePage)) == (VmaFlags.HugePage | VmaFlags.NoHugePage)
            ? both & ~VmaFlags.NoHugePage
            : both;
    }

    // Private memory is accounted for once it may be written, and stays so.
    private void SetAccess(CopyRange range, VmaFlags wanted, VmaFlags different)
    {
        if ((different & wanted & VmaFlags.Account) != 0)
        {
            calls.Protect(range, ReadWrite);
        }

        Protection protection = (Protection)(uint)(wanted & VmaFlags.Access);
        if ((different & (VmaFlags.Access | VmaFlags.Account)) != 0
            && (calls.FlagsAt(range.Start) & VmaFlags.Access) != (wanted & VmaFlags.Access))
        {
            calls.Protect(range, protection);
        }
    }
}

/// <summary>A range of addresses.</summary>
/// <param name="Start">First byte address.</param>
/// <param name="Bytes">Its length.</param>
internal readonly record struct CopyRange(ulong Start, ulong Bytes)
{
    public ulong End => Start + Bytes;
}
