using System.Text;
using System.Text.Json;
using Verso.Reports.Text;

namespace Verso.Reports.Tests.Text;

/// <summary>
/// Text of others neither moves the cursor nor changes the order of reading.
/// </summary>
/// <remarks>
/// Strategy: every UTF-16 unit once, by itself; then random texts of those that are special and of some that are not, so
/// that halves of surrogate pairs stand alone and together. VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class PrintableTests
{
    private const int Texts = 2_000;
    private const string Special = "\0\a\b\t\n\r\e\u007f\u0080\u009b\u200e\u202e\u2028\u2066\ud83d\ude00ab\\\"é漢";

    [Fact]
    public void EveryControlIsWrittenAsAnEscape()
    {
        for (int unit = 0; unit <= char.MaxValue; unit++)
        {
            string shown = Printable.Of($"{(char)unit}");
            Assert.True(IsFit(shown), $"{unit:x4}");
            Assert.Equal(IsFit($"{(char)unit}"), shown.Length == 1);
        }
    }

    [Fact]
    public void WhatIsFitIsLeftAsItIs()
    {
        const string Fit = "/tmp/a b/é漢😀.so (deleted)";
        Assert.Same(Fit, Printable.Of(Fit));
        Assert.Equal("\\e[31m\\n\\x9b\\u202e", Printable.Of("\e[31m\n\u009b\u202e"));
        Assert.Equal("a\\tb\nc", Printable.Lines("a\tb\nc"));
    }

    [Fact]
    public void RandomTextsComeOutFitAndJsonStaysTheSame()
    {
        int seed = RandomSeed.First;
        for (int at = 0; at < Texts; at++, seed++)
        {
            Random random = new(seed);
            string text = new(random.GetItems<char>(Special, random.Next(12)));
            Assert.True(IsFit(Printable.Of(text)), $"seed {seed}");
            if (IsPaired(text))
            {
                string json = Printable.Json(JsonSerializer.Serialize(text));
                Assert.True(IsFit(json), $"seed {seed}");
                Assert.Equal(text, JsonSerializer.Deserialize<string>(json));
            }
        }
    }

    private static bool IsPaired(string text) => text == Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>By categories of Unicode, which is another way than the code has.</summary>
    private static bool IsFit(string text) => IsPaired(text) && text.EnumerateRunes().All(rune =>
        Rune.GetUnicodeCategory(rune) is not (System.Globalization.UnicodeCategory.Control
            or System.Globalization.UnicodeCategory.LineSeparator
            or System.Globalization.UnicodeCategory.ParagraphSeparator)
        && !"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069".Contains(
            rune.ToString(), StringComparison.Ordinal));
}
