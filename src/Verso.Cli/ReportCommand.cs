using System.CommandLine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Studies;
using Verso.Linux;
using Verso.Reports.Model;
using Verso.Reports.Rendering;
using Verso.Reports.Text;
using Verso.Reports.Views;

namespace Verso.Cli;

/// <summary>verso report: recordings and snapshots as one page to look at.</summary>
internal static class ReportCommand
{
    private const string DefaultOutput = "report.html";

    internal static Command Create()
    {
        Argument<string[]> files = new("FILE")
        {
            Description = "recordings and snapshots; - for stdin",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> output = new("--output", "-o")
        {
            Description = $"write to this file, - for stdout; default: {DefaultOutput}, and stdout for other formats",
            HelpName = "FILE",
        };
        Option<string> designs = new("--designs")
        {
            Description = "comma-separated names, with options as name:option=value; all: every design",
            DefaultValueFactory = _ => "all",
            HelpName = "LIST",
        };
        Option<int> jobs = ReplaySettings.Jobs("replays to run in parallel");
        Option<string?> rules = ReplaySettings.Rules(
            "use the rules of this kernel release, such as 6.12; default: the recorded kernel");
        Option<long> memory = MemoryLimit.Option();
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
            "Makes one HTML page of recordings and snapshots, that opens from a mail and asks no host for anything: "
            + "the designs beside each other, figures over time, the fork tree, the address space with what keeps VMAs "
            + "apart, the anon_vma graph, walks and locks, each with its numbers.",
            "verso report make.verso                              # writes report.html",
            "verso report make.verso -o make.html --designs anon-vma-chain,cow-context",
            "verso report live.vsnap -o live.html",
            "verso report make.verso -j | jq '.sections[].title'")
        {
            files, output, designs, jobs, rules, memory, format, json,
        };
        command.SetAction(parsed =>
        {
            IReadOnlyList<DesignChoice> choices = ReplaySettings.Parse(
                DesignChoice.ParseList, parsed.GetRequiredValue(designs));
            ReplayOptions template = new()
            {
                Design = choices[0],
                Rules = ReplaySettings.RulesOf(parsed, rules),
                MemoryLimitBytes = MemoryLimit.Of(parsed, memory),
                DifferenceLimit = 0,
            };
            string form = ReplaySettings.FormatOf(parsed, format, json);
            string? target = parsed.GetValue(output) ?? (form == "html" ? DefaultOutput : null);
            string[] names = parsed.GetRequiredValue(files);
            string typed = string.Join(' ', parsed.Tokens.Select(token => Quoted(token.Value)));
            Surroundings surroundings = Surroundings.Of(parsed);
            Report report = Make(
                surroundings, names, target, choices, template, ReplaySettings.JobsOf(parsed, jobs), $"verso {typed}");
            return Write(surroundings, report, form, target);
        });
        return command;
    }

    /// <summary>One report of all files.</summary>
    internal static Report Make(
        Surroundings surroundings,
        IReadOnlyList<string> names,
        string? target,
        IReadOnlyList<DesignChoice> choices,
        ReplayOptions template,
        int jobs,
        string command)
    {
        if (target is not (null or TraceInput.Standard))
        {
            OutputPath.Require(target);
            names.ToList().ForEach(name => OutputPath.RequireApart(target, name));
        }

        ReplaySettings.RequireOneStandardInput(names);
        ReplayProgress progress = new();
        using Interruption interruption = new();
        using ProgressLine line = ProgressLine.Start(surroundings, progress);
        List<Section> sections = [];
        for (int at = 0; at < names.Count; at++)
        {
            string prefix = names.Count == 1 ? "" : $"f{at + 1}-";
            using TraceInput input = TraceInput.Open(names[at]);
            sections.AddRange(input.IsSnapshot
                ? SnapshotReport.Sections(
                    SnapshotStudy.Of(
                        input.Name, input.ReadSnapshot(), choices, jobs, template.MemoryLimitBytes, interruption.Token),
                    prefix)
                : RecordingReport.Sections(
                    RecordingStudy.Of([input], choices, template, jobs, progress, interruption.Token)[0], prefix));
        }

        return Of(sections, names.Count == 1 ? Path.GetFileName(names[0]) : $"{names.Count} files", command);
    }

    /// <summary>Sections as a report of this program.</summary>
    internal static Report Of(IReadOnlyList<Section> sections, string subject, string command) => new()
    {
        Title = $"Who maps a page: {Printable.Of(subject)}",
        Command = command,
        Generator = $"verso {ManPages.Version()}",
        Sections = sections,
    };

    /// <summary>A word as a shell takes it.</summary>
    private static string Quoted(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:=,+@%".Contains(letter))
            ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static int Write(Surroundings surroundings, Report report, string format, string? target)
    {
        string text = format switch
        {
            "json" => JsonRendering.Of(report),
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
        surroundings.Output.Write($"{Printable.Of(target)}: {Figures.Bytes(new FileInfo(target).Length)}, "
            + $"{Figures.Plural(report.Sections.Count, "section", "sections")}; open it in a browser\n");
        return ExitStatus.Success;
    }
}
