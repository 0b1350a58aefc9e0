using Verso.Engine.Images;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.PageTableScan;

/// <summary>
/// No reverse map: a walk scans every page table. All that other designs keep, this one finds out; it is the oracle
/// they are compared with. See docs/designs/page-table-scan.md.
/// </summary>
public readonly struct PageTableScanMap : IReverseMap
{
    private readonly PageTableScanner _scanner = new();

    public PageTableScanMap()
    {
    }

    /// <inheritdoc/>
    public static DesignFacts Facts { get; } = new(
        "page-table-scan",
        "No reverse map; a walk scans every page table",
        "Linux 2.4, try_to_swap_out; the oracle of this laboratory",
        PageOwner.PageTable);

    /// <inheritdoc/>
    public bool OwnsFilePages => false;

    /// <inheritdoc/>
    public void Start(World world)
    {
        DesignOptions.Accept(world.Options.Design);
        _scanner.Start(world);
    }

    /// <inheritdoc/>
    public Errno BeginMm(Mm mm, MmId parent) => Errno.None;

    /// <inheritdoc/>
    public void EndMm(Mm mm)
    {
    }

    /// <inheritdoc/>
    public ulong Place(Mm mm, ulong address) => address >> Page.Shift;

    /// <inheritdoc/>
    /// <remarks>Anonymous neighbours always join: nothing depends on their page offsets. A file's must be
    /// linear.</remarks>
    public MergeTests CanJoin(in JoinCandidate candidate) => FileOffsets.CanJoin(candidate);

    /// <inheritdoc/>
    public MergeTests CanBridge(VmaId left, VmaId right) => MergeTests.None;

    /// <inheritdoc/>
    public void Adjusting(VmaId vma)
    {
    }

    /// <inheritdoc/>
    public void Adjusted(VmaId vma)
    {
    }

    /// <inheritdoc/>
    public Errno Split(VmaId source, VmaId fresh) => Errno.None;

    /// <inheritdoc/>
    public Errno Join(VmaId target, VmaId source) => Errno.None;

    /// <inheritdoc/>
    public Errno Copy(VmaId source, VmaId copy) => Errno.None;

    /// <inheritdoc/>
    public void Drop(VmaId vma)
    {
    }

    /// <inheritdoc/>
    public Errno Fork(VmaId parent, VmaId child) => Errno.None;

    /// <inheritdoc/>
    public Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome)
    {
        outcome = PrepareOutcome.Derive;
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno Reserve(VmaId vma, in PteRange range) => Errno.None;

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
    }

    /// <inheritdoc/>
    public void Mapped(VmaId vma, in PteRange range)
    {
    }

    /// <inheritdoc/>
    public void Unmapped(VmaId vma, in PteRange range, UnmapReason reason)
    {
    }

    /// <inheritdoc/>
    public Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target) => Errno.None;

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target)
    {
    }

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address)
    {
    }

    /// <inheritdoc/>
    public void Walk<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => _scanner.Walk(frame, ref visitor);

    /// <inheritdoc/>
    public void Release(Pfn frame)
    {
    }

    /// <inheritdoc/>
    public string? Audit() => null;

    /// <inheritdoc/>
    public Errno Load(MmImage image, ReadOnlySpan<VmaId> vmas) => Errno.None;

    /// <inheritdoc/>
    public AnonVmaView? View(VmaId vma) => null;
}
