using System.CommandLine;
using System.Reflection;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Linux;
using Verso.Linux.Recording;
using Verso.Reports.Text;
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

    internal static Command Create()
    {
        Option<string> keep = new("--keep")
        {
            Description = "save the recording to this file; by default it is deleted",
            HelpName = "FILE",
        };
        DocumentedCommand command = new(
            "demo",
            "Records a small program that forks and copies on write, replays it through every design, and explains "
            + "the figures. Without root or BPF it uses a recording that comes with Verso.",
            "verso demo",
            "verso demo --keep demo.verso; verso replay demo.verso")
        {
            keep,
        };
        command.SetAction(parsed => Run(Surroundings.Of(parsed), parsed.GetValue(keep)));
        return command;
    }

    /// <summary>One design of each kind: no map, one by page, Linux's, one by object. They fit a page.</summary>
    private const string Shown = "page-table-scan,pte-chain,anon-vma-chain,reflink";

    private static int Run(Surroundings surroundings, string? keep)
    {
        string path = keep ?? Path.GetTempFileName();
        try
        {
            string origin = Obtain(surroundings.Error, path);
            using TraceInput input = TraceInput.Open(path);
            IReadOnlyList<DesignChoice> designs = DesignChoice.ParseList(Shown);
            ReplayOptions options = new() { Design = designs[0], DifferenceLimit = 0 };
            DesignComparison comparison = DesignComparison.Run(
                [input], designs, options, Environment.ProcessorCount);
            TraceComparison trace = comparison.Traces[0] with { Name = origin };
            surroundings.Output.Write(ComparisonText.Render(
                new DesignComparison([trace]), surroundings.Width, surroundings.Palette));
            surroundings.Output.Write(DemoText.Render(trace));
            surroundings.Output.Write(
                $"\n4 of {DesignChoice.All.Count} designs are shown; for all: verso compare FILE --designs all\n");
            return ExitStatus.Success;
        }
        finally
        {
            if (keep is null)
            {
                File.Delete(path);
            }
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
        error.Write($"verso demo: {reason}\nverso demo: using the recording that comes with Verso\n");
        using Stream shipped = Assembly.GetExecutingAssembly().GetManifestResourceStream(ShippedRecording)
            ?? throw new FileNotFoundException("the recording that comes with Verso is missing from this build");
        OutputFile.Write(path, shipped.CopyTo);
        return "shipped with Verso (examples/demo.verso): a perl program that forks three children";
    }
}
