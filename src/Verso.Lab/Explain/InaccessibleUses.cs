using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>What an anonymous VMA without access is there for, as far as what is around it shows.</summary>
[Flags]
public enum InaccessibleUse
{
    /// <summary>It is accessible, or maps a file.</summary>
    None = 0,

    /// <summary>It keeps its neighbours apart: one size again and again, no larger than what it protects.</summary>
    Guard = 1,

    /// <summary>It is address space to be committed later: of many sizes, or larger than its neighbours.</summary>
    Reserve = 2,

    /// <summary>It may be either.</summary>
    Either = Guard | Reserve,
}

/// <summary>
/// Tells guards from reserves by what is there, for no size divides them: guards between slabs have 4 to 512 KiB, parts
/// of a reserve that was committed here and there as few.
/// </summary>
/// <remarks>
/// Guards are put by a program that has one size for them; what is left of a reserve between committed parts has as
/// many sizes as chance made. Looked at are those with the same flags around one, by address:
/// <code>
///     rw 8 | -- 8 | rw 8 | -- 8 | rw 8 | -- 8 |         guards: the next one has the same size
///     rw 8 | -- 24 | rw 16 | -- 8 | rw 8 | -- 16 |      a reserve
///     rw 132 | -- 65404 |                               a reserve: larger than what is beside it
/// </code>
/// </remarks>
internal sealed class InaccessibleUses
{
    /// <summary>How many on each side are looked at.</summary>
    private const int Around = 32;

    /// <summary>With fewer than so many pairs of sizes only sameness says something.</summary>
    private const int FewPairs = 4;

    /// <summary>Of so many neighbours in the list, in percent, guards have the same size.</summary>
    private const int MostlyPercent = 75;

    /// <summary>And parts of a reserve at most of so many.</summary>
    private const int SeldomPercent = 65;

    private readonly Dictionary<ulong, InaccessibleUse> _uses = [];

    /// <param name="vmas">Of an address space, by ascending address.</param>
    internal InaccessibleUses(IReadOnlyList<VmaImage> vmas)
    {
        foreach (IGrouping<VmaFlags, int> alike in Enumerable.Range(0, vmas.Count)
            .Where(at => IsInaccessible(vmas[at])).GroupBy(at => vmas[at].Flags & ~VmaFlags.SoftDirty))
        {
            int[] places = [.. alike];
            ulong[] sizes = [.. places.Select(at => Bytes(vmas[at]))];
            for (int at = 0; at < places.Length; at++)
            {
                _uses[vmas[places[at]].Start] = sizes[at] > LargestBeside(vmas, places[at])
                    ? InaccessibleUse.Reserve
                    : UseOf(sizes, at);
            }
        }
    }

    /// <summary>Of two VMAs that touch: of the inaccessible one, of the smaller if both are.</summary>
    internal InaccessibleUse Of(Boundary pair)
    {
        InaccessibleUse lower = _uses.GetValueOrDefault(pair.Lower.Start);
        InaccessibleUse upper = _uses.GetValueOrDefault(pair.Upper.Start);
        return !pair.IsAnonymous || (lower | upper) == InaccessibleUse.None ? InaccessibleUse.None
            : upper == InaccessibleUse.None ? lower
            : lower == InaccessibleUse.None ? upper
            : Bytes(pair.Lower) <= Bytes(pair.Upper) ? lower
            : upper;
    }

    /// <summary>Whether a VMA allows no access and has no file.</summary>
    internal static bool IsInaccessible(VmaImage vma) =>
        vma.File.IsNone && (vma.Flags & (VmaFlags.Access | VmaFlags.Special)) == 0;

    private static InaccessibleUse UseOf(ulong[] sizes, int at)
    {
        int from = Math.Max(0, at - Around);
        int to = Math.Min(sizes.Length - 1, at + Around);
        int pairs = to - from;
        int same = Enumerable.Range(from, pairs).Count(each => sizes[each] == sizes[each + 1]);
        bool isPage = sizes[at] == Page.Size;
        return pairs == 0 ? isPage ? InaccessibleUse.Guard : InaccessibleUse.Either
            : same * 100 >= pairs * MostlyPercent ? InaccessibleUse.Guard
            : pairs < FewPairs || same * 100 > pairs * SeldomPercent ? InaccessibleUse.Either
            : InaccessibleUse.Reserve;
    }

    // Nothing beside it: nothing says what it is for.
    private static ulong LargestBeside(IReadOnlyList<VmaImage> vmas, int at)
    {
        ulong below = at > 0 && vmas[at - 1].End == vmas[at].Start && !IsInaccessible(vmas[at - 1])
            ? Bytes(vmas[at - 1]) : 0;
        ulong above = at + 1 < vmas.Count && vmas[at].End == vmas[at + 1].Start && !IsInaccessible(vmas[at + 1])
            ? Bytes(vmas[at + 1]) : 0;
        return Math.Max(below, above) is > 0 and ulong largest ? largest : ulong.MaxValue;
    }

    private static ulong Bytes(VmaImage vma) => vma.End - vma.Start;
}
