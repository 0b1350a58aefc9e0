using Verso.Engine.Images;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>
/// Every frame knows its page-table entries: one directly, more in a chain of cache-line blocks. See
/// docs/designs/pte-chain.md.
/// </summary>
/// <remarks>Option <c>files=true</c>: pages of files and shared memory have chains too, as in 2.5.</remarks>
public readonly struct PteChainMap : IReverseMap
{
    private readonly PteChains _chains = new();

    public PteChainMap()
    {
    }

    /// <inheritdoc/>
    public static DesignFacts Facts { get; } = new(
        "pte-chain",
        "Each page lists the page-table entries that map it",
        "Rik van Riel, 2.5 (2002); the mail of 12 March 2004 says why it went",
        PageOwner.PageTable);

    /// <inheritdoc/>
    public bool OwnsFilePages => _chains.TracksFiles;

    /// <inheritdoc/>
    public void Start(World world) => _chains.Start(world);

    /// <inheritdoc/>
    public Errno BeginMm(Mm mm, MmId parent) => Errno.None;

    /// <inheritdoc/>
    public void EndMm(Mm mm) => _chains.ReturnSpares();

    /// <inheritdoc/>
    public ulong Place(Mm mm, ulong address) => address >> Page.Shift;

    /// <inheritdoc/>
    /// <remarks>Anonymous neighbours always join: a chain leads to entries, never to VMAs. A file's offsets must be
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
    public Errno Reserve(VmaId vma, in PteRange range) => _chains.Reserve(vma, range.Count);

    /// <inheritdoc/>
    public void Instantiate(Pfn frame, VmaId vma, ulong address)
    {
    }

    /// <inheritdoc/>
    public void Mapped(VmaId vma, in PteRange range) => _chains.Mapped(range);

    /// <inheritdoc/>
    public void Unmapped(VmaId vma, in PteRange range, UnmapReason reason) => _chains.Unmapped(range);

    /// <inheritdoc/>
    public Errno Copied(VmaId parent, VmaId child, in PteRange source, in PteRange target) => _chains.Copied(target);

    /// <inheritdoc/>
    public void Moved(VmaId from, VmaId to, in PteRange source, in PteRange target) => _chains.Moved(source, target);

    /// <inheritdoc/>
    public void Adopt(Pfn frame, VmaId vma, ulong address)
    {
    }

    /// <inheritdoc/>
    public void Walk<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor => _chains.Walk(frame, ref visitor);

    /// <inheritdoc/>
    public void Release(Pfn frame) => _chains.Release(frame);

    /// <inheritdoc/>
    public string? Audit() => _chains.Audit();

    /// <inheritdoc/>
    public Errno Load(MmImage image, ReadOnlySpan<VmaId> vmas) => Errno.None;

    /// <inheritdoc/>
    public AnonVmaView? View(VmaId vma) => null;
}
