using System.Text;
using Verso.Reports.Text;

namespace Verso.Reports.Tests.Text;

/// <summary>Sentences in lines.</summary>
/// <remarks>
/// Strategy: random words, some longer than a line, are wrapped; the words must come out as they went in, no line may be
/// wider than it must, and no word could have stood on the line above. VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class ProseTests
{
    private const int Columns = 80;
    private const string First = "  reason  ";
    private const int Indent = 10;

    [Fact]
    public void LinesAreFullAndNotTooWide()
    {
        int seed = RandomSeed.First;
        for (int round = 0; round < 500; round++, seed++)
        {
            Random random = new(seed);
            string[] words = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => Word(random))];
            StringBuilder text = new();
            Prose.Wrap(text, First, string.Join(' ', words), Indent);
            Assert.EndsWith("\n", text.ToString(), StringComparison.Ordinal);
            string[] lines = [.. text.ToString()[..^1].Split('\n').Select((line, at) =>
                at == 0 ? line[First.Length..] : line[Indent..])];
            Assert.Equal(words, lines.SelectMany(line => line.Split(' ')));
            for (int at = 0; at < lines.Length; at++)
            {
                Assert.True(lines[at].Length + Indent <= Columns || !lines[at].Contains(' '), $"seed {seed}, {lines[at]}");
                Assert.True(
                    at == 0 || lines[at - 1].Length + 1 + lines[at].Split(' ')[0].Length + Indent > Columns,
                    $"seed {seed}: {lines[at]} begins too low");
            }
        }
    }

    private static string Word(Random random) => new('w', random.Next(12) == 0 ? random.Next(60, 100) : random.Next(1, 12));
}
