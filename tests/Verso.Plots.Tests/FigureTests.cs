using System.Buffers.Binary;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Studies;
using Verso.Reports.Model;
using Verso.Reports.Views;

namespace Verso.Plots.Tests;

/// <summary>Every figure of a recording, drawn: whole, lettered, as wide as a column.</summary>
public sealed partial class FigureTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private static readonly Lazy<Report> _report = new(MakeReport);

    public static TheoryData<string> Names => [.. Figure.Of(_report.Value, ["all"]).Select(figure => figure.Table.Id)];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsDrawnWithItsLetters(string name)
    {
        RequireFonts();
        Figure figure = Assert.Single(Figure.Of(_report.Value, [name]));
        Paper.Drawing drawing = new Paper(Paper.Column).Draw(figure);
        XElement svg = XDocument.Parse(drawing.Svg).Root!;
        Assert.Equal($"{drawing.Width}", svg.Attribute("width")!.Value);
        string[] words = [.. svg.Descendants(_svg + "text").Select(text => text.Value.Trim())];
        Assert.Contains(Letters(figure.Title), Letters(string.Concat(words)), StringComparison.Ordinal);
        Assert.True(svg.Descendants().Count() > 10);
        Assert.All(Wanted(figure), wanted => Assert.Contains(words, word => Letters(word).Contains(Letters(wanted), StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(Paper.Column)]
    [InlineData(180)]
    public void APictureOfDotsIsAsWideOnPaper(int millimetres)
    {
        RequireFonts();
        Paper.Drawing drawing = new Paper(millimetres).Draw(Figure.Of(_report.Value, [])[0]);
        byte[] png = drawing.Png();
        Assert.Equal<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10], png[..8]);
        int dots = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16));
        Assert.InRange(dots, millimetres / 25.4 * Paper.Resolution * 0.99, millimetres / 25.4 * Paper.Resolution * 1.01);
    }

    /// <summary>Drawing as dots first changes nothing of the drawing.</summary>
    [Fact]
    public void EachFormIsOfTheSameDrawing()
    {
        RequireFonts();
        Paper.Drawing drawing = new Paper(Paper.Column).Draw(Figure.Of(_report.Value, [])[0]);
        string before = Unnumbered(drawing.Svg);
        _ = drawing.Png();
        Assert.Equal(before, Unnumbered(drawing.Svg));
    }

    [Fact]
    public void EveryKindIsDrawn() => Assert.Equal(
        Enum.GetValues<ChartKind>(), Figure.Of(_report.Value, []).Select(figure => figure.Chart.Kind).Distinct().Order());

    [Fact]
    public void AChartHasAllItsChoices()
    {
        IReadOnlyList<Figure> figures = Figure.Of(_report.Value, ["rmap-by-type"]);
        Assert.InRange(figures.Count, 2, DesignChoice.All.Count);
        Assert.All(figures, figure => Assert.Equal("rmap-by-type", figure.Chart.Id));
        Assert.Equal(figures[0].Chart.Choices, figures.Select(figure => figure.Table));
    }

    [Fact]
    public void AnUnknownNameIsSaidWithThoseThereAre()
    {
        FormatException unknown = Assert.Throws<FormatException>(() => Figure.Of(_report.Value, ["rmap-by-typ"]));
        Assert.Contains("'rmap-by-typ'", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("rmap-by-type", unknown.Message, StringComparison.Ordinal);
    }

    /// <summary>What is said of a figure has to be on it: its rows where they are named, its series, units.</summary>
    private static IEnumerable<string> Wanted(Figure figure) => figure.Chart.Kind switch
    {
        ChartKind.Lines => [.. ChartLine.Of(figure.Table).Select(line => line.Name), figure.Table.Columns[0].Title],
        ChartKind.Bars or ChartKind.Stack =>
        [
            .. figure.Table.Rows.Select(row => row[0].Text!),
            .. figure.Table.Columns.Skip(1).Select(column => column.Title),
        ],
        ChartKind.Tree => figure.Table.Rows.Select(row => row[2].Text!),
        ChartKind.Strip => figure.Table.Rows.Select(row => $"{row[2].Text} {row[3].Text}"),
        _ => [],
    };

    /// <summary>Skia numbers what clips, through all drawings of a process.</summary>
    private static string Unnumbered(string svg) => ClipNumber().Replace(svg, "");

    [GeneratedRegex("(?<=cl_)[0-9a-f]+")]
    private static partial Regex ClipNumber();

    private static string Letters(string text) => text.Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);

    private static void RequireFonts() => Assert.SkipWhen(Paper.Unavailable() is not null, Paper.Unavailable() ?? "");

    private static Report MakeReport() => new()
    {
        Title = "Two recordings",
        Command = "verso plot",
        Generator = "verso",
        Sections = [.. Sections("redis-bgsave.verso", ""), .. Sections("demo.verso", "f2-")],
    };

    private static IReadOnlyList<Section> Sections(string example, string prefix)
    {
        using TraceInput input = TraceInput.Open(Example(example));
        ReplayOptions options = new() { Design = DesignChoice.All[0] };
        return RecordingReport.Sections(RecordingStudy.Of([input], DesignChoice.All, options, jobs: 2)[0], prefix);
    }

    private static string Example(string name, [System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../examples", name));
}
