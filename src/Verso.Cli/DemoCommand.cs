using System.CommandLine;
using System.Reflection;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Studies;
using Verso.Linux;
using Verso.Linux.Recording;
using Verso.Reports.Comparisons;
using Verso.Reports.Json;
using Verso.Reports.Rendering;
using Verso.Reports.Text;
using Verso.Reports.Views;
using Verso.Traces;

namespace Verso.Cli;

/// <summary>verso demo: the main job on a program of a few lines.</summary>
internal static class DemoCommand
{
    private const string ShippedRecording = "demo.verso";

    /// <summary>
    /// Fills 4 MiB, forks three children that rewrite a quarter each, and rewrites a quarter itself while they live.
    /// </summary>
    private const string Program = """
        my $memory = "a" x (4 << 20);
        my $quarter = 1 << 20;
        pipe(my $gate, my $opener);
        for my $n (1 .. 3) {
            next if fork;
            close $opener;
            substr($memory, $n * $quarter, $quarter) = "b" x $quarter;
            sysread($gate, my $byte, 1);
            exit 0;
        }
        substr($memory, 0, $quarter) = "c" x $quarter;
        close $opener;
        1 while wait != -1;
        """;

    /// <summary>Where it is run, or where temporary files are if nothing may be written there.</summary>
    private const string Recording = "verso-demo.verso";
    private const string Page = "verso-demo.html";

    /// <summary>One design of each kind: no map, one by page, Linux's, one by object. They fit a screen.</summary>
    private static readonly string[] s_shown = ["page-table-scan", "pte-chain", "anon-vma-chain", "reflink"];

    internal static Command Create()
    {
        Option<string?> keep = new("--keep")
        {
            Description = $"write the recording to this file; default: {Recording}",
            HelpName = "FILE",
        };
        Option<string?> output = new("--output", "-o")
        {
            Description = $"write the report to this file; default: {Page}",
            HelpName = "FILE",
        };
        Option<bool> json = new("--json", "-j") { Description = "all figures as JSON, as verso compare has them" };
        DocumentedCommand command = new(
            "demo",
            "Records a small program that forks and copies on write, replays it through every design, says what the "
            + "figures mean, and makes a page to look at. Without root or BPF it uses a recording that comes with "
            + "Verso.",
            "verso demo",
            "verso demo --keep demo.verso -o demo.html; verso replay demo.verso")
        {
            keep, output, json,
        };
        command.SetAction(parsed =>
            Run(Surroundings.Of(parsed), parsed.GetValue(keep), parsed.GetValue(output), parsed.GetValue(json)));
        return command;
    }

    private static int Run(Surroundings surroundings, string? keep, string? output, bool asJson)
    {
        string path = keep ?? InWritable(Recording);
        string page = output ?? InWritable(Page);
        OutputPath.Require(path);
        OutputPath.Require(page);
        OutputPath.RequireApart(page, path);
        string origin = Obtain(surroundings.Error, path);
        using TraceInput input = TraceInput.Open(path);
        ReplayOptions options = new() { Design = ReferenceDesign.Choice, DifferenceLimit = 0 };
        RecordingStudy study = RecordingStudy.Of([input], DesignChoice.All, options, Environment.ProcessorCount)[0];
        OutputFile.WriteText(
            page, HtmlRendering.Of(ReportSource.Of(RecordingReport.Sections(study, ""), "demo", "verso demo")));
        if (asJson)
        {
            surroundings.Output.Write(JsonReport.Render(new DesignComparison([study.Trace])));
            return ExitStatus.Success;
        }

        TraceComparison shown = study.Trace with
        {
            Name = origin,
            Designs = [.. study.Trace.Designs.Where(design => s_shown.Contains(design.Name))],
        };
        int width = surroundings.Width;
        surroundings.Output.Write(
            ComparisonText.Render(new DesignComparison([shown]), ComparisonChoice.Table, width, surroundings.Palette));
        surroundings.Output.Write(DemoText.Render(shown, width));
        surroundings.Output.Write($"\nall {study.Trace.Designs.Count} designs, to look at: {Printable.Of(page)}\n"
            + $"all figures: verso compare {Printable.Of(path)} --full\n");
        return ExitStatus.Success;
    }

    /// <summary>A file of this name where the user is, or where temporary files are.</summary>
    private static string InWritable(string name)
    {
        try
        {
            using OutputFile probe = OutputFile.Create(name, Leftover.Deleted);
            return name;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Path.Combine(Path.GetTempPath(), name);
        }
    }

    /// <summary>Records, or takes the recording that was shipped. Returns what it is, for people.</summary>
    private static string Obtain(TextWriter error, string path)
    {
        try
        {
            RecorderOptions options = new()
            {
                Command = ["perl", "-e", Program],
                CheckpointInterval = 8,
                Output = CommandOutput.StandardError,
            };
            return TryRecord(options, path)
                ? "recorded just now: a perl program that forks three children"
                : TakeShipped(error, path, "the program could not be recorded");
        }
        catch (Exception missing) when (missing is RecorderUnavailableException or CommandNotStartedException)
        {
            return TakeShipped(error, path, missing.Message);
        }
    }

    private static bool TryRecord(RecorderOptions options, string path)
    {
        using Recorder recorder = Recorder.Prepare(options);
        using OutputFile file = OutputFile.Create(path, Leftover.Deleted);
        using TraceWriter writer = new(file.Stream, recorder.Header with { Command = "perl (verso demo)" });
        RecordingOutcome outcome = recorder.Run(writer);
        if (outcome.Problem is not null || outcome.ExitStatus != 0)
        {
            return false;
        }

        writer.Dispose();
        file.Complete();
        return true;
    }

    private static string TakeShipped(TextWriter error, string path, string reason)
    {
        Surroundings.Say(error, $"verso demo: {reason}\nverso demo: using the recording that comes with Verso\n");
        using Stream shipped = Assembly.GetExecutingAssembly().GetManifestResourceStream(ShippedRecording)
            ?? throw new FileNotFoundException("the recording that comes with Verso is missing from this build");
        OutputFile.Write(path, shipped.CopyTo);
        return "examples/demo.verso: a perl program that forks three children";
    }
}
