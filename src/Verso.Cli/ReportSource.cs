using System.CommandLine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Studies;
using Verso.Linux;
using Verso.Reports.Comparisons;
using Verso.Reports.Model;
using Verso.Reports.Rendering;
using Verso.Reports.Text;
using Verso.Reports.Views;

namespace Verso.Cli;

/// <summary>What a report is made of: files, the designs, and how they are replayed.</summary>
/// <param name="description">What the files may be.</param>
internal sealed class ReportSource(string description)
{
    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = description,
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _designs = new("--designs")
    {
        Description = "comma-separated names, with options as name:option=value; all: every design",
        DefaultValueFactory = _ => "all",
        HelpName = "LIST",
    };

    private readonly Option<int> _jobs = ReplaySettings.Jobs("replays to run in parallel");

    private readonly Option<string?> _rules = ReplaySettings.Rules(
        "use the rules of this kernel release, such as 6.12; default: the recorded kernel");

    private readonly Option<long> _memory = MemoryLimit.Option();

    internal void AddTo(Command command)
    {
        command.Add(_files);
        command.Add(_designs);
        command.Add(_jobs);
        command.Add(_rules);
        command.Add(_memory);
    }

    /// <summary>One report of all files.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="surroundings">Where it is typed.</param>
    /// <param name="target">Where the report will be; null: in no file of its own.</param>
    internal Report Make(ParseResult parsed, Surroundings surroundings, string? target)
    {
        IReadOnlyList<DesignChoice> choices = ReplaySettings.Parse(
            DesignChoice.ParseList, parsed.GetRequiredValue(_designs));
        ReplayOptions template = new()
        {
            Design = choices[0],
            Rules = ReplaySettings.RulesOf(parsed, _rules),
            MemoryLimitBytes = MemoryLimit.Of(parsed, _memory),
            DifferenceLimit = 0,
        };
        int jobs = ReplaySettings.JobsOf(parsed, _jobs);
        string[] names = parsed.GetRequiredValue(_files);
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
        for (int at = 0; at < names.Length; at++)
        {
            string prefix = names.Length == 1 ? "" : $"f{at + 1}-";
            using TraceInput input = TraceInput.Open(names[at]);
            sections.AddRange(input.IsSnapshot
                ? SnapshotReport.Sections(
                    SnapshotStudy.Of(
                        input.Name, input.ReadSnapshot(), choices, jobs, template.MemoryLimitBytes, interruption.Token),
                    prefix)
                : input.IsDocument ? Results(parsed, input, prefix)
                : RecordingReport.Sections(
                    RecordingStudy.Of([input], choices, template, jobs, progress, interruption.Token)[0], prefix));
        }

        string subject = names.Length == 1 ? Path.GetFileName(names[0]) : $"{names.Length} files";
        return Of(sections, subject, CommandOf(parsed));
    }

    private IReadOnlyList<Section> Results(ParseResult parsed, TraceInput input, string prefix)
    {
        parsed.Refuse("does not change results that were printed: compare anew", _designs, _rules);
        return ResultsReport.Sections(input.Read(ComparisonFile.Read), input.Name, prefix);
    }

    /// <summary>This program, by whom pages are made.</summary>
    internal static string Generator => $"verso {ManPages.Version()}";

    /// <summary>A page can be written to this file, and nothing else is asked for: to be known beforehand.</summary>
    internal static void RequirePage(string path, bool asJson)
    {
        if (asJson)
        {
            throw new UsageException("-j cannot be combined with --html");
        }

        OutputPath.Require(path);
    }

    /// <summary>Writes a page, and says where it is.</summary>
    internal static void WritePage(Surroundings surroundings, string path, Report report)
    {
        OutputPath.Require(path);
        OutputFile.WriteText(path, HtmlRendering.Of(report));
        SayWritten(surroundings, path, report);
    }

    /// <summary>Says that a report is in a file.</summary>
    internal static void SayWritten(Surroundings surroundings, string path, Report report) =>
        surroundings.Output.Write($"{Printable.Of(path)}: {Figures.Bytes(new FileInfo(path).Length)}, "
            + $"{Figures.Plural(report.Sections.Count, "section", "sections")}; open it in a browser\n");

    /// <summary>Sections as a report of this program.</summary>
    internal static Report Of(IReadOnlyList<Section> sections, string subject, string command) => new()
    {
        Title = $"Who maps a page: {Printable.Of(subject)}",
        Command = command,
        Generator = Generator,
        Sections = sections,
    };

    /// <summary>The command that was typed, so that it can be again.</summary>
    internal static string CommandOf(ParseResult parsed) =>
        "verso " + string.Join(' ', parsed.Tokens.Select(token => Quoted(token.Value)));

    /// <summary>A word as a shell takes it.</summary>
    private static string Quoted(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:=,+@%".Contains(letter))
            ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
