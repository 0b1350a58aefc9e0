using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests;

/// <summary>Which VMA of its parent each VMA of a fork child was copied from.</summary>
/// <remarks>
/// Strategy: random parents and children, of up to 39 VMAs of at most three roots on 200 page offsets, so that they
/// overlap, are compared with a search of every pair. The seed is fixed.
/// </remarks>
public sealed class LoadedImageTests
{
    private const int Rounds = 500;
    private const int MostVmas = 40;
    private const ulong Roots = 3;

    [Fact]
    public void OriginsAreThoseThatASearchOfAllFinds()
    {
        Random random = new(1);
        int found = 0;
        for (int round = 0; round < Rounds; round++)
        {
            (MmImage parent, VmaId[] parents) = Make(random, firstId: 1);
            (MmImage child, VmaId[] children) = Make(random, firstId: 1 + MostVmas);
            LoadedImage elder = LoadedImage.Of(parent, parents, null);
            LoadedImage loaded = LoadedImage.Of(child, children, elder);
            for (int at = 0; at < child.Vmas.Count; at++)
            {
                VmaImage vma = child.Vmas[at];
                int place = Enumerable.Range(0, parent.Vmas.Count).OrderBy(other => parent.Vmas[other].Pgoff)
                    .FirstOrDefault(other => Related(vma, parent.Vmas[other]), -1);
                Assert.Equal(place < 0 ? default : parents[place], loaded.Origins[at]);
                found += place < 0 ? 0 : 1;
            }
        }

        Assert.True(found > Rounds, $"only {found} VMAs had an origin");
    }

    private static bool Related(VmaImage vma, VmaImage other) =>
        vma.AnonVma != 0 && vma.AnonVma == other.AnonVma && vma.File.IsNone == other.File.IsNone
        && vma.Pgoff < other.Pgoff + Pages(other) && other.Pgoff < vma.Pgoff + Pages(vma);

    private static ulong Pages(VmaImage vma) => (vma.End - vma.Start) / Page.Size;

    private static (MmImage Image, VmaId[] Vmas) Make(Random random, int firstId)
    {
        List<VmaImage> vmas = [];
        ulong start = Page.Size;
        for (int left = random.Next(1, MostVmas); left > 0; left--)
        {
            ulong end = start + ((ulong)random.Next(1, 20) * Page.Size);
            ulong root = (ulong)random.Next((int)Roots + 1);
            vmas.Add(new VmaImage(
                start,
                end,
                VmaFlags.None,
                (ulong)random.Next(200),
                new FileId(random.Next(2)),
                root,
                root == 0 ? [] : [root]));
            start = end;
        }

        AnonVmaImage[] nodes =
            [.. Enumerable.Range(1, (int)Roots).Select(id => new AnonVmaImage((ulong)id, (ulong)id, (ulong)id, 1, 1))];
        VmaId[] ids = [.. Enumerable.Range(firstId, vmas.Count).Select(id => new VmaId(id))];
        return (new MmImage { Vmas = vmas, AnonVmas = nodes }, ids);
    }
}
