using System.CommandLine;
using Verso.Linux;
using Verso.Plots;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Rendering;
using Verso.Reports.Text;
using Verso.Reports.Views;

namespace Verso.Cli;

/// <summary>verso plot: the figures of a report as files, for papers and mails.</summary>
internal static class PlotCommand
{
    private const string DefaultFolder = "plots";

    /// <summary>The file beside figures that says what they were made of.</summary>
    private const string Origin = "origin.txt";

    internal static Command Create()
    {
        ReportSource source = new("recordings, snapshots, scenarios (.txt), results of compare -j; - for stdin");
        Option<string> folder = new("--output", "-o")
        {
            Description = "write into this directory, which is made",
            DefaultValueFactory = _ => DefaultFolder,
            HelpName = "DIR",
        };
        Option<string> names = new("--figures")
        {
            Description = "comma-separated: charts, by their links in the report, of which every choice is drawn, or "
                + "one of the choices; all: every choice of every chart; default: each chart as the report "
                + "shows it first",
            DefaultValueFactory = _ => "",
            HelpName = "NAMES",
        };
        Option<int> width = ReplaySettings.Number(
            "--width",
            Paper.Narrowest,
            Paper.Column,
            $"width in millimetres, at most {Paper.Widest}; default: one of two columns of a page",
            Paper.Widest);
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "plot",
            "Draws the figures of a report (see verso report) as SVG and as PNG, 300 dots an inch, as wide as a column "
            + "of a paper, with the numbers of each as CSV beside, and in origin.txt what they were made of.",
            "verso plot make.verso                               # every figure, into plots/",
            "verso plot make.verso -o figures --figures walks-useful,all-vmas-over-time",
            "verso plot live.vsnap --figures space-strip --width 180",
            "verso plot make.verso -j | jq -r '.figures[].svg'")
        {
            folder, names, width, format, json,
        };
        source.AddTo(command);
        command.SetAction(parsed =>
        {
            Surroundings surroundings = Surroundings.Of(parsed);
            if (Paper.Unavailable() is string reason)
            {
                throw new UsageException(reason);
            }

            Report report = source.Make(parsed, surroundings, target: null);
            IReadOnlyList<Figure> figures = ReplaySettings.Parse(
                text => Figure.Of(report, text.Split(',', StringSplitOptions.RemoveEmptyEntries)),
                parsed.GetRequiredValue(names));
            Paper paper = new(parsed.GetValue(width));
            PlottedFigure[] plotted = Write(figures, paper, parsed.GetRequiredValue(folder));
            OutputFile.WriteText(Path.Combine(parsed.GetRequiredValue(folder), Origin), OriginOf(report));
            surroundings.Output.Write(ReplaySettings.FormatOf(parsed, format, json) == "json"
                ? JsonReport.Render(plotted)
                : PlotText.Render(plotted, parsed.GetRequiredValue(folder)));
            return ExitStatus.Success;
        });
        return command;
    }

    private static string OriginOf(Report report) => TextRendering.Of(
        report with
        {
            Sections = [.. report.Sections.Where(
                section => section.Id.EndsWith(OriginView.Id, StringComparison.Ordinal))],
        },
        Prose.Columns,
        Palette.Plain);

    private static PlottedFigure[] Write(IReadOnlyList<Figure> figures, Paper paper, string folder)
    {
        if (File.Exists(folder))
        {
            throw new UsageException($"'{folder}' is a file: -o takes a directory");
        }

        Directory.CreateDirectory(folder);
        List<PlottedFigure> plotted = [];
        foreach (Figure figure in figures)
        {
            string path = Path.Combine(folder, figure.Table.Id);
            Paper.Drawing drawing = paper.Draw(figure);
            PlottedFigure files = new(
                figure.Table.Id, figure.Chart.Id, figure.Title, path + ".svg", path + ".png", path + ".csv");
            OutputFile.WriteText(files.Svg, drawing.Svg);
            OutputFile.Write(files.Png, stream => stream.Write(drawing.Png()));
            OutputFile.WriteText(files.Csv, CsvRendering.Of(figure.Table));
            plotted.Add(files);
        }

        return [.. plotted];
    }
}
