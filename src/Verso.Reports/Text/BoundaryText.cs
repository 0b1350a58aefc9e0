using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>What is between two VMAs, in words that text and JSON share.</summary>
internal static class BoundaryText
{
    private const string HeapName = "[heap]";

    /// <summary>The name of a group of pairs.</summary>
    internal static string Name(MergeTests first, BoundaryStanding standing) => standing switch
    {
        BoundaryStanding.MergeableNow => "mergeable now",
        BoundaryStanding.CannotTell => "cannot tell",
        _ => MergeReasons.Name(first),
    };

    /// <summary>What exactly differs, where there are kinds of it; else empty.</summary>
    internal static string Kind(SpaceExplanation explanation, Boundary boundary) => boundary.Verdict.First switch
    {
        MergeTests.Flags => FlagsApart(boundary) + Heap(explanation, boundary),
        MergeTests.File or MergeTests.AnonVma or MergeTests.PageOffset when boundary.IsOfZeroDevice =>
            "private mapping of /dev/zero",
        MergeTests.File => boundary.IsSharedAnonymous
            ? "shared anonymous memory, an object for each mmap" : "one file, opened more than once",
        MergeTests.AnonVma => boundary.HasForked
            ? "different anon_vmas, at least one forked" : "different anon_vmas, neither forked",
        MergeTests.PageOffset => boundary.IsAnonymous ? "anonymous, moved after it was written" : "one file",
        MergeTests.None when boundary.Standing == BoundaryStanding.CannotTell => Holding(boundary),
        MergeTests.None => boundary.IsAnonymous ? "anonymous" : "one file",
        _ => "",
    };

    /// <summary>What keeps them apart, in a few words for people who have not read mm/vma.c.</summary>
    internal static string Brief(SpaceExplanation explanation, Boundary boundary) => boundary switch
    {
        { Standing: BoundaryStanding.Never } => ReasonText.Plain(boundary.Lasting),
        { Standing: BoundaryStanding.CannotTell } => "/proc shows no reason; different anon_vmas are possible",
        { Verdict.First: MergeTests.Flags, Inaccessible: InaccessibleUse.Guard } =>
            "guard pages without access (PROT_NONE) divide it",
        { Verdict.First: MergeTests.Flags, Inaccessible: InaccessibleUse.Reserve } =>
            "parts of an inaccessible reserve were made accessible",
        { Verdict.First: MergeTests.Flags } => $"permissions or flags differ ({Kind(explanation, boundary)})",
        { Verdict.First: MergeTests.AnonVma, IsOfZeroDevice: false, HasForked: false } =>
            "each was written apart: different anon_vmas",
        { Verdict.First: MergeTests.PageOffset, IsAnonymous: true } => "mremap moved it after it was written",
        { Verdict.First: MergeTests.PageOffset, IsOfZeroDevice: false } => "parts of a file, not in the file's order",
        { Verdict.First: MergeTests.File or MergeTests.AnonVma or MergeTests.PageOffset } =>
            Kind(explanation, boundary),
        _ => ReasonText.Plain(boundary.Verdict.First),
    };

    /// <summary>How large a hole is, and what is beside it.</summary>
    internal static string Kind(HoleBetween hole) =>
        $"{Figures.Bytes((long)hole.Bytes)} between {VmaText.Permissions(hole.Lower.Flags)}";

    /// <summary>What different anon_vmas will keep apart when nothing else does.</summary>
    internal static string Beyond(int pairs) =>
        Figures.Plural(pairs, "pair", "pairs") + " would still stay apart if undone now: an unwritten VMA between two "
        + "anon_vmas can merge with only one of them";

    /// <summary>What they are, for those that never could be one.</summary>
    internal static string LastingKind(FileNamePatterns names, Boundary boundary) => boundary.Lasting switch
    {
        LastingReason.TwoFiles => names.Of(boundary.Lower) == names.Of(boundary.Upper)
            ? names.Of(boundary.Lower)
            : $"{names.Of(boundary.Lower)}, {names.Of(boundary.Upper)}",
        LastingReason.Sections or LastingReason.Close => names.Of(boundary.Lower),
        LastingReason.Special when !boundary.Lower.File.IsNone => names.Of(boundary.Lower),
        LastingReason.FileAndAnonymous =>
            names.Of(boundary.Lower.File.IsNone ? boundary.Upper : boundary.Lower),
        _ => "",
    };

    /// <summary>
    /// The path of a file, fit for a terminal; of anonymous memory what /proc/PID/maps calls it, if it is the heap or
    /// the stack.
    /// </summary>
    internal static string NameOf(SpaceExplanation explanation, VmaImage vma)
    {
        MmImage space = explanation.Process.Image;
        string path = Printable.Of(explanation.PathOf(vma));
        return !vma.File.IsNone ? path.Length > 0 ? path : $"file {vma.File.Value}"
            : (vma.Flags & VmaFlags.Special) != 0 ? "special mapping"
            : vma.Start < space.Brk && vma.End > space.StartBrk ? HeapName
            : vma.Start <= space.StartStack && space.StartStack <= vma.End ? "[stack]"
            : "anonymous";
    }

    /// <summary>On one line: what stands between two VMAs, all of it.</summary>
    internal static string Line(Boundary boundary)
    {
        if (boundary.Standing == BoundaryStanding.Never)
        {
            return $"never one: {ReasonText.Plain(boundary.Lasting)}";
        }

        string name = boundary.Standing switch
        {
            BoundaryStanding.MergeableNow => "mergeable now, not tried since",
            BoundaryStanding.CannotTell => $"maybe {MergeText.Names(boundary.Untold, ", ")} ({Holding(boundary)})",
            _ => MergeText.Names(boundary.Verdict.Failed, ", "),
        };
        string detail = boundary.Verdict.First switch
        {
            MergeTests.Flags => FlagsApart(boundary),
            MergeTests.File when boundary.IsSharedAnonymous => "an object for each mmap",
            MergeTests.AnonVma => boundary.HasForked ? "at least one forked" : "neither forked",
            MergeTests.PageOffset => Offsets(boundary),
            _ => "",
        };
        return detail.Length > 0 ? $"{name}: {detail}" : name;
    }

    private static string Offsets(Boundary boundary)
    {
        ulong wanted = boundary.Lower.Pgoff + ((boundary.Lower.End - boundary.Lower.Start) >> Page.Shift);
        return string.Create(
            CultureInfo.InvariantCulture, $"pgoff {boundary.Upper.Pgoff:x} where {wanted:x} would continue");
    }

    private static string Holding(Boundary boundary) => boundary.Pages switch
    {
        AnonymousPages.Both => "both hold anonymous pages",
        AnonymousPages.One => "one holds anonymous pages",
        _ => "neither holds anonymous pages",
    };

    private static string FlagsApart(Boundary boundary)
    {
        string below = VmaText.Permissions(boundary.Lower.Flags);
        string above = VmaText.Permissions(boundary.Upper.Flags);
        VmaFlags said = VmaFlags.Access | VmaFlags.MayShare | VmaFlags.Shared
            | (boundary.IsOfExecuteOnly ? VmaFlags.Pkey : VmaFlags.None);
        VmaFlags others = boundary.FlagsApart & ~said;
        string permissions = below == above ? below : $"{below} below {above}";
        string flags = (others == 0 ? permissions : $"{permissions}; {VmaText.FlagNames(others)}")
            + (boundary.IsOfExecuteOnly ? " (execute-only)" : "");
        return boundary.Inaccessible switch
        {
            InaccessibleUse.None => flags,
            InaccessibleUse.Guard => $"{flags} (guard)",
            InaccessibleUse.Reserve => $"{flags} (reserve)",
            _ => $"{flags} (guard or reserve)",
        };
    }

    private static string Heap(SpaceExplanation explanation, Boundary boundary) =>
        NameOf(explanation, boundary.Lower) == HeapName || NameOf(explanation, boundary.Upper) == HeapName
            ? $" ({HeapName})" : "";
}
