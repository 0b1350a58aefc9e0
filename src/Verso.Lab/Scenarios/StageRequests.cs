using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>What the words of a step are as arguments of system calls.</summary>
internal static class StageRequests
{
    /// <summary>The byte address a step names; 0 for none.</summary>
    public static ulong Start(Op op, Window window) =>
        op.Start == Op.Anywhere ? 0 : window.Address(op.Start) + (ulong)op.Odd.Start;

    /// <summary>The length it names, in bytes.</summary>
    public static ulong Length(Op op, Window window) => window.Bytes(op.Count) + (ulong)op.Odd.Count;

    /// <summary>PROT_* of mprotect.</summary>
    public static Protection Protect(Op op) =>
        op.Protection
        | (op.Has(OpWords.GrowsDown) ? Protection.GrowsDown : Protection.None)
        | (op.Has(OpWords.GrowsUp) ? Protection.GrowsUp : Protection.None);

    public static MmapRequest Mmap(Op op, Window window, ulong start, FileId file = default)
    {
        MapFlags flags = op.Has(OpWords.Shared) ? MapFlags.Shared
            : op.Has(OpWords.Droppable) ? MapFlags.Droppable : MapFlags.Private;
        flags |= op.Kind == OpKind.Map ? MapFlags.Anonymous : 0;
        flags |= op.Has(OpWords.Populate) ? MapFlags.Populate : 0;
        flags |= op.Has(OpWords.Locked) ? MapFlags.Locked : 0;
        flags |= op.Has(OpWords.NoReserve) ? MapFlags.NoReserve : 0;
        flags |= op.Has(OpWords.GrowsDown) ? MapFlags.GrowsDown : 0;
        flags |= op.Has(OpWords.Below2Gib) ? MapFlags.Below2Gib : 0;
        flags |= op.Has(OpWords.Stack) ? MapFlags.Stack : 0;
        flags |= op.Has(OpWords.NonBlock) ? MapFlags.NonBlock : 0;
        flags |= op.Has(OpWords.Unknown) ? MapFlags.TypeMask : 0;
        flags |= op.Start == Op.Anywhere ? 0
            : op.Has(OpWords.NoReplace) ? MapFlags.FixedNoReplace
            : op.Has(OpWords.Hint) ? 0 : MapFlags.Fixed;
        return new MmapRequest(
            start, Length(op, window), op.Protection, flags, file, window.Bytes(op.Target) + (ulong)op.Odd.Target);
    }

    public static MremapRequest Mremap(Op op, Window window)
    {
        RemapFlags flags = op.Has(OpWords.MayMove) ? RemapFlags.MayMove : 0;
        flags |= op.Has(OpWords.Fixed) ? RemapFlags.Fixed : 0;
        flags |= op.Has(OpWords.DontUnmap) ? RemapFlags.DontUnmap : 0;
        flags |= op.Has(OpWords.Unknown) ? (RemapFlags)32 : 0;
        flags |= op.Has(OpWords.Relocate) ? RemapFlags.RelocateAnon : 0;
        bool hasTarget = op.Has(OpWords.Fixed) || op.Has(OpWords.Hint);
        ulong target = hasTarget ? window.Address(op.Target) + (ulong)op.Odd.Target : 0;
        return new MremapRequest(
            Start(op, window),
            Length(op, window),
            window.Bytes(op.NewCount) + (ulong)op.Odd.NewCount,
            flags,
            target);
    }

    /// <summary>Flags of mlock2; other calls whose flags have no word take none.</summary>
    public static uint FlagBits(Op op) => (op.Has(OpWords.OnFault) ? 1u : 0u) | (op.Has(OpWords.Unknown) ? 2u : 0u);

    /// <summary>SHM_* of shmat.</summary>
    public static uint AttachFlags(Op op) =>
        (op.Protection.HasFlag(Protection.Write) ? 0u : 0x1000u)
        | (op.Has(OpWords.Round) ? 0x2000u : 0u)
        | (op.Has(OpWords.Over) ? 0x4000u : 0u)
        | (op.Protection.HasFlag(Protection.Exec) ? 0x8000u : 0u);

    /// <summary>PR_MDWE_* of PR_SET_MDWE.</summary>
    public static ulong DenialBits(Op op) => op.Has(OpWords.NoInherit) ? 3u : 1u;

    /// <summary>UFFDIO_REGISTER_MODE_*.</summary>
    public static UserfaultModes WatchModes(Op op) =>
        (op.Has(OpWords.Missing) ? UserfaultModes.Missing : 0)
        | (op.Has(OpWords.Wp) ? UserfaultModes.WriteProtect : 0)
        | (op.Has(OpWords.Minor) ? UserfaultModes.Minor : 0);

    /// <summary>What a monitor is told to do.</summary>
    public static UserfaultAction FillAction(Op op) => op.Kind switch
    {
        OpKind.FillCopy => UserfaultAction.Copy,
        OpKind.FillZero => UserfaultAction.ZeroPage,
        OpKind.FillCache => UserfaultAction.Continue,
        _ => UserfaultAction.Move,
    };

    /// <summary>How many bytes it fills.</summary>
    public static ulong FillLength(Op op, Window window) =>
        op.Kind == OpKind.FillCopy ? window.Bytes(1) : Length(op, window);

    public static LockAll LockFlags(Op op) =>
        (op.Has(OpWords.Current) ? LockAll.Current : 0)
        | (op.Has(OpWords.Future) ? LockAll.Future : 0)
        | (op.Has(OpWords.OnFault) ? LockAll.OnFault : 0)
        | (op.Has(OpWords.Unknown) ? (LockAll)8 : 0);

    /// <summary>What a process may have after the step.</summary>
    /// <param name="op">A limit.</param>
    /// <param name="limits">What it might have before.</param>
    public static MmLimits Limits(Op op, MmLimits limits)
    {
        ulong bytes = op.Count < 0 ? MmLimits.None : (ulong)op.Count << Page.Shift;
        return op.Resource switch
        {
            LimitedResource.As => limits with { AddressSpaceBytes = bytes },
            LimitedResource.Data => limits with { DataBytes = bytes },
            _ => limits with { MemlockBytes = bytes },
        };
    }
}
