using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Reports.Tables;

namespace Verso.Reports.Text;

/// <summary>What is between two VMAs, in words that text and JSON share.</summary>
internal static class BoundaryText
{
    /// <summary>The name of a group of pairs.</summary>
    internal static string Name(MergeTests first, BoundaryStanding standing) => standing switch
    {
        BoundaryStanding.MergeableNow => "mergeable now",
        BoundaryStanding.CannotTell => "cannot tell",
        _ => MergeReasons.Name(first),
    };

    /// <summary>What exactly differs, where there are kinds of it; else empty.</summary>
    internal static string Kind(Boundary boundary) => boundary.Verdict.First switch
    {
        MergeTests.Flags => FlagsApart(boundary),
        MergeTests.File => boundary.IsSharedAnonymous
            ? "shared anonymous memory, an object for each mmap" : "one file, opened more than once",
        MergeTests.AnonVma => boundary.HasForked
            ? "different anon_vmas, at least one forked" : "different anon_vmas, neither forked",
        MergeTests.PageOffset => boundary.IsAnonymous ? "anonymous, moved after it was written" : "one file",
        MergeTests.None when boundary.Standing == BoundaryStanding.CannotTell => Holding(boundary),
        MergeTests.None => boundary.IsAnonymous ? "anonymous" : "one file",
        _ => "",
    };

    /// <summary>What different anon_vmas will keep apart when nothing else does.</summary>
    internal static string Beyond(ReasonGroup group) =>
        Figures.Plural(group.Beyond.Count, "pair counted elsewhere stays", "pairs counted elsewhere stay")
        + " apart for this in the end: what was never written lies between different anon_vmas, and can join only one";

    /// <summary>What they are, for those that never could be one.</summary>
    internal static string LastingKind(SpaceExplanation explanation, Boundary boundary) => boundary.Lasting switch
    {
        LastingReason.Sections or LastingReason.Close => NameOf(explanation, boundary.Lower),
        LastingReason.FileAndAnonymous =>
            NameOf(explanation, boundary.Lower.File.IsNone ? boundary.Upper : boundary.Lower),
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
            : vma.Start < space.Brk && vma.End > space.StartBrk ? "[heap]"
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
            BoundaryStanding.MergeableNow => "mergeable now, never retried",
            BoundaryStanding.CannotTell => $"maybe {MergeText.Names(boundary.Untold, ", ")} ({Kind(boundary)})",
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
        VmaFlags others = boundary.FlagsApart & ~(VmaFlags.Access | VmaFlags.MayShare | VmaFlags.Shared);
        string permissions = below == above ? below : $"{below} below {above}";
        string flags = others == 0 ? permissions : $"{permissions}; {VmaText.FlagNames(others)}";
        return boundary.InaccessibleBytes switch
        {
            0 => flags,
            <= Remedy.MostGuardBytes => $"{flags} (guard)",
            _ => $"{flags} (reserve)",
        };
    }
}
