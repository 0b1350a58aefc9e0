using System.CommandLine;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Locks;
using Verso.Lab.Merging;
using Verso.Lab.Replay;
using Verso.Reports.Json;
using Verso.Reports.Text;
using Verso.Reports.Views;

namespace Verso.Cli;

/// <summary>verso replay: one trace through one design, judged by the kernel's checkpoints.</summary>
internal static class ReplayCommand
{
    /// <summary>How many are listed where an option does not say.</summary>
    private const int DefaultCount = 20;

    internal static Command Create()
    {
        Argument<string> trace = new("TRACE") { Description = "a trace file; - for stdin" };
        Option<string> design = Design();
        OptionalNumber differences = Counted(
            "--differences", $"list the first N differences from the kernel ({DefaultCount}), with events before");
        Option<bool> merges = new("--merges")
        {
            Description = "list every merge attempt with all failed checks, totals, and which ones "
                + $"{MergeTrace.RepairingDesign} would allow",
        };
        OptionalNumber locks = Counted(
            "--locks",
            "list the locks by class, how often each was taken and for how many steps of work, "
                + $"and the N taken most ({DefaultCount})");
        Option<bool> verify = ReplaySettings.Verify();
        Option<int> walks = ReplaySettings.Walks();
        Option<int?> measure = ReplaySettings.Measure();
        Option<string?> rules = ReplaySettings.Rules(
            "use the rules of this kernel release, such as 6.12; default: the recorded kernel");
        Option<MachineWord> word = ReplaySettings.Word();
        Option<long> memory = MemoryLimit.Option();
        Option<string> format = ReplaySettings.Format("text", "json", "line");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "replay",
            "Replays a trace through one design and compares it with the kernel's checkpoints. Returns 0 if all VMAs "
            + "and graphs agree, 1 if any differs, 2 on errors.",
            "verso replay make.verso                       # does the replay match the kernel's state?",
            "verso replay make.verso --differences 5       # what differs, and which events came before",
            "verso replay make.verso --merges              # why were adjacent VMAs not merged?",
            "verso replay make.verso --locks               # who holds which lock, and for how long?",
            "verso replay make.verso --design pte-chain --verify",
            "verso replay - < make.verso --format line")
        {
            trace, design, differences, merges, locks, verify, walks, measure, rules, word, memory, format, json,
        };
        command.SetAction(parsed =>
        {
            ReplayOptions options = new()
            {
                Design = ReplaySettings.Parse(DesignChoice.Parse, parsed.GetRequiredValue(design)),
                Verification = parsed.GetValue(verify) ? Verification.AtCheckpoints : Verification.None,
                ProbeInterval = parsed.GetValue(walks),
                Rules = ReplaySettings.RulesOf(parsed, rules),
                Word = ReplaySettings.WordOf(parsed, word),
                MemoryLimitBytes = MemoryLimit.Of(parsed, memory),
                DifferenceLimit = parsed.GetValue(differences) ?? DefaultCount,
                History = parsed.GetResult(differences) is null ? HistoryKeeping.Off : HistoryKeeping.On,
            };
            string form = ReplaySettings.FormatOf(parsed, format, json);
            Surroundings surroundings = Surroundings.Of(parsed);
            string name = parsed.GetRequiredValue(trace);
            if (parsed.GetValue(merges) || form == "line")
            {
                parsed.Refuse("cannot be combined with --merges or --format line", measure, locks);
            }

            if (parsed.GetResult(locks) is not null)
            {
                parsed.Refuse("cannot be combined with --locks", measure);
                return RunLocks(surroundings, name, options, parsed.GetValue(locks) ?? DefaultCount, form);
            }

            return parsed.GetValue(merges)
                ? RunMerges(surroundings, name, options, form)
                : Run(surroundings, name, options, parsed.GetValue(measure), form);
        });
        return command;
    }

    private static Option<string> Design() => new("--design")
    {
        Description = "the design, with options as name:option=value",
        DefaultValueFactory = _ => ReferenceDesign.Name,
        HelpName = "DESIGN",
    };

    /// <summary>An option that lists N, or <see cref="DefaultCount"/>.</summary>
    private static OptionalNumber Counted(string name, string description) => new(name, 0, DefaultCount, description);

    private static int Run(
        Surroundings surroundings, string name, ReplayOptions options, int? rounds, string format)
    {
        using TraceInput input = TraceInput.Open(name);
        ReplayResult result = Follow(surroundings, (progress, token) =>
        {
            ReplayResult once = DesignComparison.Replay(input, options, progress, token);
            return rounds is int count
                ? ReplayMeasurement.Measure([once], input, options, count, token)[0]
                : once;
        });
        string text = format switch
        {
            "json" => JsonReport.Render(name, result),
            "line" => ReplayText.Line(name, result),
            _ => Text(surroundings, name, result, options),
        };
        Pager.Write(surroundings, text, isForPeople: format == "text");
        return result.Fidelity.IsFull ? ExitStatus.Success : ExitStatus.Differs;
    }

    private static int RunMerges(Surroundings surroundings, string name, ReplayOptions options, string format)
    {
        if (format == "line")
        {
            throw new UsageException("--merges prints text or json, not line");
        }

        using TraceInput input = TraceInput.Open(name);
        (ReplayResult result, MergeTrace trace) = Follow(
            surroundings, (progress, token) => MergeTrace.Run(input, options, progress, token));
        string text = format == "json"
            ? JsonReport.Render(name, result, trace)
            : Text(surroundings, name, result, options) + "\n"
                + MergeText.Render(trace, result, surroundings.Width, surroundings.Palette);
        Pager.Write(surroundings, text, isForPeople: format != "json");
        return result.Fidelity.IsFull ? ExitStatus.Success : ExitStatus.Differs;
    }

    private static int RunLocks(
        Surroundings surroundings, string name, ReplayOptions options, int most, string format)
    {
        using TraceInput input = TraceInput.Open(name);
        LockTally tally = new();
        ReplayResult result = Follow(surroundings, (progress, token) =>
            DesignComparison.Replay(input, options with { Locks = tally }, progress, token));
        string text = format == "json"
            ? JsonReport.Render(name, result, tally, most)
            : Text(surroundings, name, result, options) + "\n"
                + LocksView.Render(tally, most, surroundings.Width, surroundings.Palette);
        Pager.Write(surroundings, text, isForPeople: format != "json");
        return result.Fidelity.IsFull ? ExitStatus.Success : ExitStatus.Differs;
    }

    private static string Text(Surroundings surroundings, string name, ReplayResult result, ReplayOptions options)
    {
        string text = ReplayText.Render(name, result, surroundings.Palette);
        return options.History == HistoryKeeping.On
            ? text + "\n" + DifferenceText.Render(result, surroundings.Palette)
            : text;
    }

    private static T Follow<T>(Surroundings surroundings, Func<ReplayProgress, CancellationToken, T> replay)
    {
        ReplayProgress progress = new();
        using Interruption interruption = new();
        using ProgressLine line = ProgressLine.Start(surroundings, progress);
        return replay(progress, interruption.Token);
    }
}
