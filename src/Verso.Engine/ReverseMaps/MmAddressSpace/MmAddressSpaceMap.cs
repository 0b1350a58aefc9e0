using Verso.Engine.Frames;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.MmAddressSpace;

/// <summary>
/// One address_space for all forks since exec; VMAs keep their offset in it, and so do folios. See
/// docs/designs/mm-address-space.md.
/// </summary>
/// <remarks>
/// Of a folio it keeps <see cref="Frame.Mapping"/>, the space, and <see cref="Frame.Index"/>, the offset there, which
/// is the VMA's anonymous page offset at its page: of a private file mapping until 7.3 that of the file, of all else
/// what <see cref="Place"/> gave.
/// </remarks>
public sealed class MmAddressSpaceMap : ReverseMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly DesignFacts Line = new(
        "mm-address-space",
        "One address_space for all forks since exec, indexed by vm_pgoff",
        "Rik van Riel's question in the mail of 12 March 2004",
        PageOwner.PageTable)
    {
        Layout =
        [
            new(KernelStruct.Vma, "node in the tree of the family", 4),
            new(KernelStruct.Mm, "address_space", 1),
            LayoutField.FileMap,
        ],
        Options =
        [
            new(
                "offsets",
                "what offset a fresh mapping gets",
                new OptionValue("address", "its address / 4096; collisions cost useless visits"),
                new OptionValue("fresh", "one never used before; adjacent VMAs never merge")),
        ],
    };

    private bool _fresh;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    internal FamilySpaces Spaces { get; private set; } = null!;

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        Spaces = new FamilySpaces(world);
        _fresh = Chosen("offsets") == "fresh";
    }

    /// <inheritdoc/>
    public override Errno BeginMm(Mm mm, MmId parent) => Spaces.Begin(mm.Id, parent);

    /// <inheritdoc/>
    public override void EndMm(Mm mm) => Spaces.End(mm.Id);

    /// <inheritdoc/>
    public override ulong Place(Mm mm, ulong address, ulong pages) =>
        _fresh ? Spaces.Fresh(mm.Id, pages) : base.Place(mm, address, pages);

    /// <inheritdoc/>
    public override Errno Attach(VmaId vma)
    {
        Spaces.Enter(vma);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override MergeTests CanJoin(in JoinCandidate candidate) => candidate.TestAnonPgoff();

    /// <inheritdoc/>
    public override void Adjusting(VmaId vma) => Spaces.Adjusting(vma);

    /// <inheritdoc/>
    public override void Adjusted(VmaId vma) => Spaces.Adjusted(vma);

    /// <inheritdoc/>
    public override Errno Split(VmaId source, VmaId fresh) => Attach(fresh);

    /// <inheritdoc/>
    public override Errno Copy(VmaId source, VmaId copy) => Attach(copy);

    /// <inheritdoc/>
    public override void Drop(VmaId vma, DropReason reason)
    {
        if (reason != DropReason.MovedAway)
        {
            Spaces.Leave(vma);
        }
    }

    /// <inheritdoc/>
    public override Errno Fork(VmaId parent, VmaId child) => Attach(child);

    /// <inheritdoc/>
    public override string? Audit() => AuditVmas() ?? AuditEntries();

    /// <inheritdoc/>
    public override void Describe(VmaId vma, IDesignStructure structure)
    {
        MmId mm = World.Vmas[vma].Mm;
        DesignObject space = new("address_space", Spaces.Of(mm));
        structure.Leads(mm, space);
        structure.Add(space);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures()
    {
        long indexed = 0;
        ulong given = 0;
        for (int space = 1; space < Spaces.UsedCount; space++)
        {
            indexed += Spaces[space].VmaCount;
            given = Math.Max(given, Spaces[space].OffsetsGiven);
        }

        return
        [
            new("VMAs in an index", indexed, FigureKind.State),
            new("fresh page offsets given out, most of a family", (long)given, FigureKind.State),
        ];
    }

    /// <summary>Every private VMA is in its index by its bounds, and no other node is.</summary>
    private string? AuditVmas()
    {
        int[] found = new int[Spaces.UsedCount];
        foreach (Mm mm in World.Mms.Live)
        {
            foreach (VmaId vma in mm.Vmas.Ids)
            {
                bool isPrivate = !World.Vmas[vma].IsShared;
                found[Spaces.Of(mm.Id)] += isPrivate ? 1 : 0;
                if (isPrivate != Spaces.IsIn(vma) || (isPrivate && !Spaces.IsIndexedAtPresentBounds(vma)))
                {
                    return $"{mm.Id} {vma} is not in its index, or stands there by bounds that it does not have";
                }
            }
        }

        for (int space = 1; space < found.Length; space++)
        {
            // A free slot keeps the next one where a live one keeps its index.
            int indexed = Spaces[space].MmCount == 0 ? 0 : Spaces.CountIndex(space);
            if (Spaces[space].VmaCount != found[space] || indexed != found[space])
            {
                return $"space {space}: {found[space]} VMAs, {Spaces[space].VmaCount} counted, {indexed} in the index";
            }
        }

        return null;
    }

    /// <summary>Every anonymous page is at its offset in the space of the mm that maps it.</summary>
    private string? AuditEntries()
    {
        foreach ((MmId mm, ulong address, Pfn frame) in AnonymousEntries.Of(World))
        {
            VmaId vma = World.Mms[mm].Vmas.Lookup(address);
            Frame page = World.Frames[frame];
            bool isRight = page.Mapping == Spaces.Of(mm) && page.Index == World.Vmas[vma].AnonPgoffAt(address);
            if (!isRight)
            {
                return $"{mm} 0x{address:x}: {frame} says space {page.Mapping}, offset {page.Index:x}";
            }
        }

        return null;
    }
}
