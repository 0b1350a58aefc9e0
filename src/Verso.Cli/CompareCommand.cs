using System.CommandLine;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Reports.Comparisons;
using Verso.Reports.Json;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>verso compare: traces and scenarios through several designs, side by side.</summary>
internal static class CompareCommand
{
    internal static Command Create()
    {
        Argument<string[]> traces = new("TRACE")
        {
            Description = "traces, scenario files (.txt), directories of those; - for a trace on stdin",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> designs = new("--designs")
        {
            Description = "comma-separated names, with options as name:option=value; all: every design",
            DefaultValueFactory = _ => "all",
            HelpName = "LIST",
        };
        Option<int> jobs = ReplaySettings.Jobs("replays to run in parallel");
        Option<bool> verify = ReplaySettings.Verify();
        Option<int> walks = ReplaySettings.Walks("; of scenarios by default after each access, and at the end");
        Option<int?> measure = ReplaySettings.Measure();
        Option<string?> rules = ReplaySettings.Rules(
            "use the rules of this kernel release, such as 6.12; default: the recorded kernel");
        Option<MachineWord> word = ReplaySettings.Word();
        Option<long> memory = MemoryLimit.Option();
        ComparisonOptions shown = new();
        Option<string> format = ReplaySettings.Format("text", "markdown", "json", "csv", "lkp");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "compare",
            "Replays traces and scenarios through the designs and shows what each would have cost: a line per design, "
            + "as differences from Linux's; with --full all figures. Designs may differ: returns 0, or 1 if a check of "
            + "--verify failed, 2 on errors.",
            "verso compare make.verso                             # a line per design",
            "verso compare scenarios/merge/forked-target.txt      # every design plays the scenario",
            "verso compare make.verso --full --designs anon-vma-chain,pte-chain",
            "verso compare make.verso --metrics vmas,merges --format markdown",
            "verso compare make.verso --designs anon-vma-chain,pte-chain --format lkp",
            "verso compare *.verso -j | jq '.traces[].designs[] | {name, vmasPeak}'",
            "verso compare make.verso --measure                   # and how long each takes, with the spread",
            "verso compare make.verso --verify                    # and check every walk at every checkpoint")
        {
            traces, designs, shown.Full, shown.OnlyDifferent, shown.Metrics, shown.Label, jobs, verify, walks, measure,
            rules, word, memory, format, json,
        };
        command.SetAction(parsed =>
        {
            IReadOnlyList<DesignChoice> choices = ReplaySettings.Parse(
                DesignChoice.ParseList, parsed.GetRequiredValue(designs));
            ReplayOptions template = new()
            {
                Design = choices[0],
                Verification = parsed.GetValue(verify) ? Verification.AtCheckpoints : Verification.None,
                ProbeInterval = parsed.Has(walks) ? parsed.GetValue(walks) : null,
                Rules = ReplaySettings.RulesOf(parsed, rules),
                Word = ReplaySettings.WordOf(parsed, word),
                MemoryLimitBytes = MemoryLimit.Of(parsed, memory),
                DifferenceLimit = 0,
            };
            string form = ReplaySettings.FormatOf(parsed, format, json);
            string[] names = [.. parsed.GetRequiredValue(traces).SelectMany(ScenarioFiles.FilesOf)];
            (int atOnce, int? rounds) = (ReplaySettings.JobsOf(parsed, jobs), parsed.GetValue(measure));
            ComparisonChoice choice = shown.Of(parsed, form, rounds is not null);
            return Run(Surroundings.Of(parsed), names, choices, template, atOnce, rounds, choice, form);
        });
        return command;
    }

    private static int Run(
        Surroundings surroundings,
        IReadOnlyList<string> names,
        IReadOnlyList<DesignChoice> choices,
        ReplayOptions template,
        int jobs,
        int? rounds,
        ComparisonChoice choice,
        string format)
    {
        ReplaySettings.RequireOneStandardInput(names);
        List<TraceInput> inputs = [];
        try
        {
            foreach (string name in names)
            {
                inputs.Add(TraceInput.Open(name));
            }

            DesignComparison comparison = Compare(surroundings, inputs, choices, template, jobs, rounds);
            if (choice.FindUnknown(comparison.Traces) is string unknown)
            {
                throw new UsageException(Printable.Of(unknown));
            }

            string text = format switch
            {
                "json" => JsonReport.Render(comparison, choice.Labels),
                "csv" => CsvReport.Render(comparison, choice),
                "lkp" => LkpReport.Render(comparison, choice),
                "markdown" => ComparisonMarkdown.Render(comparison, choice),
                _ => ComparisonText.Render(comparison, choice, surroundings.Width, surroundings.Palette),
            };
            Pager.Write(surroundings, text, isForPeople: format == "text");
            bool violated = comparison.Traces.Any(trace =>
                trace.Designs.Append(trace.Reference).Any(result => result.Fidelity.Violations.Count > 0));
            return violated ? ExitStatus.Differs : ExitStatus.Success;
        }
        finally
        {
            inputs.ForEach(input => input.Dispose());
        }
    }

    private static DesignComparison Compare(
        Surroundings surroundings,
        IReadOnlyList<TraceInput> inputs,
        IReadOnlyList<DesignChoice> choices,
        ReplayOptions template,
        int jobs,
        int? rounds)
    {
        ReplayProgress progress = new();
        using Interruption interruption = new();
        using ProgressLine line = ProgressLine.Start(surroundings, progress);
        DesignComparison comparison = DesignComparison.Run(
            inputs, choices, template, jobs, progress, interruption.Token);
        return rounds is int count
            ? ReplayMeasurement.Measure(comparison, inputs, template, count, interruption.Token)
            : comparison;
    }
}
