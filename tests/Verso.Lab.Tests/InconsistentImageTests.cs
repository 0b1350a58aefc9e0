using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Explain;
using Verso.Linux.Graph;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>
/// A process that changes while it is read may come out as no kernel ever had it. Whatever it is, it is explained or
/// refused with one line.
/// </summary>
/// <remarks>
/// Strategy: parts of a real image are damaged in one to three places at random, as a reader that was overtaken would
/// see them. The seed is fixed.
/// </remarks>
public sealed class InconsistentImageTests(ITestOutputHelper output)
{
    private const int Images = 3000;
    private const int LongestCut = 40;

    [Fact]
    public void AreExplainedOrRefused()
    {
        string? missing = GraphReader.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        using GraphReader reader = GraphReader.Open();
        MmImage image = reader.Read(Environment.ProcessId)!;
        Random random = new(1);
        (int explained, int refused) = (0, 0);
        for (int count = 0; count < Images; count++)
        {
            int first = random.Next(image.Vmas.Count - LongestCut);
            MmImage part = image with { Vmas = [.. image.Vmas.Skip(first).Take(random.Next(1, LongestCut))] };
            for (int left = random.Next(1, 4); left > 0; left--)
            {
                part = Damage(part, random);
            }

            try
            {
                Explain(part, reader.Files);
                explained++;
            }
            catch (FormatException refusal)
            {
                Assert.DoesNotContain('\n', refusal.Message);
                refused++;
            }
        }

        output.WriteLine($"{explained} explained, {refused} refused");
        Assert.True(explained > 100 && refused > 100);
    }

    private static void Explain(MmImage image, IReadOnlyList<FileIdentity> files)
    {
        SpaceExplanation explanation = SpaceExplanation.Of(
            new ProcessGraph(1, "damaged", 0, image, GraphReading.Changed), files, 65530, KernelRules.Reference);
        Assert.True(explanation.Boundaries.Count < image.Vmas.Count);
    }

    private static MmImage Damage(MmImage image, Random random)
    {
        if (image.Vmas.Count == 0)
        {
            return image;
        }

        int at = random.Next(image.Vmas.Count);
        VmaImage vma = image.Vmas[at];
        ulong other = image.AnonVmas.Count == 0 ? 1 : image.AnonVmas[random.Next(image.AnonVmas.Count)].Id;
        return random.Next(10) switch
        {
            0 => With(image, at, vma with { End = vma.End + Page.Size }),
            1 => With(image, at, vma with { Start = vma.Start - (Page.Size * 4) }),
            2 => With(image, at, vma with { End = vma.Start }),
            3 => With(image, at, vma with { AnonVma = other }),
            4 => With(image, at, vma with { AnonVma = 0 }),
            5 => With(image, at, vma with { Chain = [.. vma.Chain, other] }),
            6 => With(image, at, vma with { Chain = [other], AnonVma = other }),
            7 => With(image, at, vma with { File = new FileId(random.Next(1, 1000)), Pgoff = ulong.MaxValue - 2 }),
            8 => image with { Vmas = [.. image.Vmas.Take(at), .. image.Vmas.Skip(random.Next(at + 1))] },
            _ => image with
            {
                AnonVmas = [.. image.AnonVmas.Select(node => node.Id != other ? node : random.Next(4) switch
                {
                    0 => node with { Root = 12345 },
                    1 => node with { Parent = 12345 },
                    2 => node with { ChildCount = 0, ActiveVmaCount = 0, RefCount = 0 },
                    _ => node with { Id = 12345 },
                })],
            },
        };
    }

    private static MmImage With(MmImage image, int at, VmaImage vma) =>
        image with { Vmas = [.. image.Vmas.Take(at), vma, .. image.Vmas.Skip(at + 1)] };
}
