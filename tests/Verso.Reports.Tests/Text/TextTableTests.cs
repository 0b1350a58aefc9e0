using Verso.Reports.Text;

namespace Verso.Reports.Tests.Text;

/// <summary>Tables that fit.</summary>
public sealed class TextTableTests
{
    [Fact]
    public void FiguresStandUnderTheEndOfTheirHeading()
    {
        TextTable table = new(["one", "two"]);
        table.Heading("VMAs");
        table.Row("peak", ["1,234", "5"]);
        Assert.Equal(
            """
                      one  two
            VMAs
              peak  1,234    5

            """,
            table.Render(80, Palette.Plain));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(400)]
    public void ColumnsThatDoNotFitBeginAnotherBlock(int width)
    {
        string[] columns = [.. Enumerable.Range(0, 12).Select(at => $"design{at}")];
        TextTable table = new(columns);
        table.Row("peak", [.. columns.Select((_, at) => $"{at * 1000}")]);
        string text = table.Render(width, Palette.Plain);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= width, line));
        string[] words = text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(columns, words.Where(word => word.StartsWith("design", StringComparison.Ordinal)));
        Assert.Equal(
            columns.Select((_, at) => $"{at * 1000}"), words.Where(word => char.IsAsciiDigit(word[0])));
    }

    [Fact]
    public void ColoursChangeNoColumn()
    {
        TextTable table = new(["one"]);
        table.Row("peak", ["12"]);
        string colored = table.Render(80, Palette.Colored);
        Assert.NotEqual(table.Render(80, Palette.Plain), colored);
        Assert.Equal(
            table.Render(80, Palette.Plain),
            colored.Replace("\e[36m", "", StringComparison.Ordinal).Replace("\e[0m", "", StringComparison.Ordinal));
    }
}
