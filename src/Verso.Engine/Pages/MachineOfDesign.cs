using Verso.Engine.Frames;
using Verso.Engine.Objects;
using Verso.Engine.PageTables;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>The paths of a machine that touch pages, compiled once a design (docs/decisions/0001).</summary>
/// <remarks>
/// <para>
/// One operation a file. All work on page tables is done leaf by leaf: a range hook of the design, then one loop over a
/// span of entries; only a fault works on a single entry.
/// </para>
/// <para>
/// Order within an operation: what may fail comes first (Prepare, Reserve, tables, frames), then nothing fails any
/// more. So an ENOMEM leaves every count true without undoing anything; fork, which must call a hook that may fail
/// after it has copied a leaf, undoes that leaf.
/// </para>
/// </remarks>
/// <typeparam name="TPages">The page hooks of the reverse map; a struct, so that they are direct calls.</typeparam>
public sealed partial class Machine<TPages> : Machine
    where TPages : struct, IPageHooks<TPages>
{
    internal readonly TPages Hooks;
    internal readonly FrameTable Frames;
    internal readonly PageTablePool Tables;
    internal readonly VmaTable Vmas;
    internal readonly MmTable Mms;
    internal readonly List<(MmId Mm, ulong Address)> Mappings = [];

    /// <summary>
    /// A machine without any address space. Throws <see cref="ArgumentException"/> on an unknown design option.
    /// </summary>
    /// <param name="options">Its fixed properties.</param>
    /// <param name="hooks">Those of a fresh design, which no other machine uses.</param>
    public Machine(MachineOptions options, TPages hooks)
        : base(WorldFor(options, hooks.Design.Facts), hooks.Design)
    {
        Invariant.Require(hooks.Design.Facts.Owner == TPages.Owner);
        Hooks = hooks;
        Frames = World.Frames;
        Tables = World.PageTables;
        Vmas = World.Vmas;
        Mms = World.Mms;
    }

    private static World WorldFor(MachineOptions options, DesignFacts design) =>
        new(options, design.AddedTo(KernelStruct.Vma), design.AddedTo(KernelStruct.Mm));

    /// <inheritdoc/>
    internal override ulong MoveRange(VmaId from, ulong start, VmaId to, ulong target, ulong length) =>
        PageMoving.MoveRange(this, from, start, to, target, length);

    /// <inheritdoc/>
    internal override void ProtectRange(VmaId vma, ulong start, ulong end) =>
        PageProtection.ProtectRange(this, vma, start, end);

    /// <inheritdoc/>
    internal override string? AuditPages() => PageAudit.AuditPages(this);

    /// <inheritdoc/>
    internal override void LazyFreeRange(VmaId vma, ulong start, ulong end) =>
        LazyFreeing.LazyFreeRange(this, vma, start, end);

    /// <inheritdoc/>
    internal override void ReclaimFreed(VmaId vma, ulong start, ulong end) =>
        LazyFreeing.ReclaimFreed(this, vma, start, end);

    /// <inheritdoc/>
    public override Errno Populate(MmId mm, ulong start, ulong length, FaultAccess access) =>
        PagePopulation.Populate(this, mm, start, length, access);

    /// <inheritdoc/>
    public override SyscallResult FillUserfault(MmId mmId, in UserfaultFill fill) =>
        UserfaultFilling.FillUserfault(this, mmId, fill);

    /// <inheritdoc/>
    public override SyscallResult DropTables(MmId mm, ulong start, ulong length) =>
        TableDropping.DropTables(this, mm, start, length);

    /// <inheritdoc/>
    internal override void ZapRange(VmaId vma, ulong start, ulong end, UnmapReason reason) =>
        Zapping.ZapRange(this, vma, start, end, reason);

    /// <inheritdoc/>
    internal override void FreeTables(Mm mm) => Zapping.FreeTables(this, mm);

    /// <inheritdoc/>
    internal override void UnmapFileRange(Inode inode, ulong first, ulong end, PrivateCopies copies) =>
        Zapping.UnmapFileRange(this, inode, first, end, copies);

    /// <inheritdoc/>
    public override string? VerifyWalks() => WalkVerification.VerifyWalks(this);

    /// <inheritdoc/>
    internal override Errno CopyRange(VmaId parent, VmaId child, ForkCopy copy) =>
        PageCopying.CopyRange(this, parent, child, copy);

    /// <inheritdoc/>
    internal override Errno InstallGuards(VmaId vma, ulong start, ulong end) =>
        GuardMarkers.InstallGuards(this, vma, start, end);

    /// <inheritdoc/>
    internal override void RemoveGuards(VmaId vma, ulong start, ulong end) =>
        GuardMarkers.RemoveGuards(this, vma, start, end);

    /// <inheritdoc/>
    public override WalkResult Walk(MmId mm, ulong address, WalkPurpose purpose = WalkPurpose.Probe) =>
        FrameWalks.Walk(this, mm, address, purpose);

    /// <inheritdoc/>
    public override FaultOutcome ReadByte(MmId mm, ulong address, out byte value) =>
        PageAccess.ReadByte(this, mm, address, out value);

    /// <inheritdoc/>
    public override FaultOutcome WriteByte(MmId mm, ulong address, byte value) =>
        PageAccess.WriteByte(this, mm, address, value);

    /// <inheritdoc/>
    public override PageView PageAt(MmId mm, ulong address) => PageAccess.PageAt(this, mm, address);

    /// <inheritdoc/>
    public override PageView SeenAt(MmId mm, ulong address) => PageAccess.SeenAt(this, mm, address);

    /// <inheritdoc/>
    public override FaultOutcome Fault(
        MmId mm, ulong address, FaultAccess access, PrepareOutcome logged = PrepareOutcome.Derive) =>
        Faults.Fault(this, mm, address, access, logged);
}
