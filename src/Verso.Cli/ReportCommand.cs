using System.CommandLine;
using Verso.Lab.Comparison;
using Verso.Linux;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Rendering;

namespace Verso.Cli;

/// <summary>verso report: recordings, snapshots, scenarios and results as one page to look at.</summary>
internal static class ReportCommand
{
    private const string DefaultOutput = "report.html";

    internal static Command Create()
    {
        ReportSource source = new("recordings, snapshots, scenarios (.txt), results of compare -j; - for stdin");
        Option<string?> output = new("--output", "-o")
        {
            Description = $"write to this file, - for stdout; default: {DefaultOutput}, and stdout for other formats",
            HelpName = "FILE",
        };
        Option<string> format = new("--format")
        {
            Description = "html, text, markdown, csv or json",
            DefaultValueFactory = _ => "html",
            HelpName = "FORMAT",
        };
        format.AcceptOnlyFromAmong("html", "text", "markdown", "csv", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "report",
            "Makes one HTML page of recordings, snapshots, scenarios and results of compare -j, that opens from a mail "
            + "and asks no host for anything: "
            + "the designs beside each other, figures over time, the fork tree, the address space with what keeps VMAs "
            + "apart, the anon_vma graph, walks and locks, each with its numbers.",
            "verso report make.verso                              # writes report.html",
            "verso report make.verso -o make.html --designs anon-vma-chain,cow-context",
            "verso report live.vsnap -o live.html",
            "verso report scenarios/fork/reuse-one-child.txt",
            "verso compare make.verso -j > make.json; verso report make.json",
            "verso report make.verso -j | jq '.sections[].title'")
        {
            output, format, json,
        };
        source.AddTo(command);
        command.SetAction(parsed =>
        {
            string form = ReplaySettings.FormatOf(parsed, format, json);
            string? target = parsed.GetValue(output) ?? (form == "html" ? DefaultOutput : null);
            Surroundings surroundings = Surroundings.Of(parsed);
            return Write(surroundings, source.Make(parsed, surroundings, target), form, target);
        });
        return command;
    }

    private static int Write(Surroundings surroundings, Report report, string format, string? target)
    {
        string text = format switch
        {
            "json" => JsonReport.Render(report),
            "csv" => CsvRendering.Of(report),
            "markdown" => MarkdownRendering.Of(report),
            "text" => TextRendering.Of(report, surroundings.Width, surroundings.Palette),
            _ => HtmlRendering.Of(report),
        };
        if (target is null or TraceInput.Standard)
        {
            surroundings.Output.Write(text);
            return ExitStatus.Success;
        }

        OutputFile.WriteText(target, text);
        ReportSource.SayWritten(surroundings, target, report);
        return ExitStatus.Success;
    }
}
