using System.CommandLine;
using System.Text;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Lab.Stepping;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Text;
using Verso.Reports.Views;

namespace Verso.Cli;

/// <summary>verso step: a scenario or a recording, one step at a time, with the state after each.</summary>
internal static class StepCommand
{
    /// <summary>Of a recording so many steps are printed where nobody says how many.</summary>
    private const int UnaskedEvents = 20;

    private static readonly Argument<string> s_file = new("SCENARIO")
    {
        Description = "a scenario file, or a trace (.verso); - for a trace on stdin",
    };

    private static readonly Option<string> s_designs = new("--design", "-d")
    {
        Description = "in these designs, comma-separated; beside each other where the width permits",
        DefaultValueFactory = _ => ReferenceDesign.Name,
        HelpName = "LIST",
    };

    private static readonly Option<int> s_at = ReplaySettings.Number(
        "--at", 1, 0, "print step N; on a terminal: begin there");

    private static readonly Option<int> s_until = ReplaySettings.Number(
        "--until", 1, 0, "print from the first step, or --at, to step N");

    private static readonly Option<string?> s_rules = ReplaySettings.Rules(
        "use the rules of this kernel release, such as 6.12; default: the recorded kernel; of a scenario "
            + KernelRules.Reference.Release);

    private static readonly Option<long> s_memory = MemoryLimit.Option();

    private static readonly Option<string?> s_page = new("--html")
    {
        Description = "write the steps to this file, a page with the same keys",
        HelpName = "FILE",
    };

    internal static Command Create()
    {
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "step",
            "Shows a scenario or a recording one step at a time, forwards and backwards: VMAs, page tables, frames, "
            + "what the design keeps, the verdict on each merge that was tried, and what changed. On a terminal by "
            + "keys, else all steps as text. Returns 0, or 2 on errors.",
            "verso step scenarios/merge/forked-target.txt",
            "verso step scenarios/fork/reuse-one-child.txt --design anon-vma-chain,reflink",
            "verso step scenarios/merge/forked-target.txt --at 6   # the sixth step alone, into a mail",
            "verso step make.verso --at 1200 --until 1210          # of a recording a step is an event",
            "verso step scenarios/merge/forked-target.txt --html forked.html  # a page, for a lecture",
            "verso quiz --seed 7 > q.txt; verso step q.txt         # how a question comes to its answer")
        {
            s_file, s_designs, s_at, s_until, s_rules, s_memory, s_page, format, json,
        };
        command.SetAction(parsed => Run(parsed, ReplaySettings.FormatOf(parsed, format, json) == "json"));
        return command;
    }

    private static int Run(ParseResult parsed, bool asJson)
    {
        Surroundings surroundings = Surroundings.Of(parsed);
        string name = parsed.GetRequiredValue(s_file);
        int at = parsed.GetValue(s_at);
        int until = parsed.GetValue(s_until);
        if (until > 0 && until < at)
        {
            throw new UsageException($"--until {until} is before --at {at}");
        }

        IReadOnlyList<DesignChoice> designs =
            ReplaySettings.Parse(DesignChoice.ParseList, parsed.GetRequiredValue(s_designs));
        KernelRules? rules = ReplaySettings.RulesOf(parsed, s_rules);
        long memory = MemoryLimit.Of(parsed, s_memory);
        using Interruption interruption = new();
        CancellationToken token = interruption.Token;
        if (!IsTrace(name))
        {
            Scenario one = OneScenario.Of(name);
            KernelRules followed = rules ?? KernelRules.Reference;
            using StepSession session = new(
                [.. designs.Select<DesignChoice, Func<StepPlay>>(
                    design => () => StepPlay.Of(one, design, followed, memory, token))],
                one.Ops.Count,
                token);
            return Show(surroundings, session, new Wanted(name, at, until, int.MaxValue, asJson), parsed, token);
        }

        using TraceInput input = TraceInput.Open(name);
        using StepSession events = new(
            [.. designs.Select<DesignChoice, Func<StepPlay>>(
                design => () => StepPlay.Of(input, design, rules, memory, token))],
            cancellation: token);
        return Show(surroundings, events, new Wanted(name, at, until, UnaskedEvents, asJson), parsed, token);
    }

    private static bool IsTrace(string name) =>
        name == TraceInput.Standard || name.EndsWith(".verso", StringComparison.Ordinal);

    private static int Show(
        Surroundings surroundings, StepSession session, Wanted wanted, ParseResult parsed, CancellationToken token)
    {
        if (parsed.GetValue(s_page) is string file)
        {
            ReportSource.RequirePage(file, wanted.AsJson);
            List<Section> sections = [];
            EachWanted(session, wanted, () => sections.Add(StepReport.Section(session.Views, session.Total)));
            ReportSource.WritePage(surroundings, file, StepReport.Of(
                sections,
                Printable.Of(Path.GetFileName(wanted.Name)),
                ReportSource.CommandOf(parsed),
                ReportSource.Generator));
            SayWhatIsLeft(surroundings, session, wanted);
            return ExitStatus.Success;
        }

        if (!wanted.AsJson && wanted.Until == 0 && !Console.IsInputRedirected)
        {
            // What is wrong with the first step stays in sight: it is taken before the screen is another.
            Begin(session, Math.Max(wanted.At, 1));
            using LiveScreen? screen = LiveScreen.TryOpen(surroundings);
            if (screen is { HasKeys: true })
            {
                new StepScreen(session, screen, surroundings.Palette).Run(token);
                return ExitStatus.Success;
            }
        }

        return Print(surroundings, session, wanted);
    }

    private static void Begin(StepSession session, long number)
    {
        if (!session.GoTo(number))
        {
            throw new UsageException(session.Total is > 0 and long total
                ? $"there is no step {number}: the last one is {total}"
                : "there is no step");
        }
    }

    private static int Print(Surroundings surroundings, StepSession session, Wanted wanted)
    {
        if (wanted.AsJson)
        {
            EachWanted(
                session, wanted, () => surroundings.Output.Write(JsonReport.Render(wanted.Name, session.Views)));
            return ExitStatus.Success;
        }

        Begin(session, wanted.First);
        surroundings.Output.Write(Prose.Fit(StepText.Legend, Math.Min(surroundings.Width, Prose.Columns)));
        StringBuilder kept = new();
        EachWanted(session, wanted, () =>
        {
            string step = StepText.Render(session.Views, session.Total, surroundings.Width, surroundings.Palette);
            _ = kept.Append('\n').Append(step);
            if (!surroundings.IsTerminal)
            {
                surroundings.Output.Write(kept);
                kept.Clear();
            }
        });
        Pager.Write(surroundings, kept.ToString());
        SayWhatIsLeft(surroundings, session, wanted);
        return ExitStatus.Success;
    }

    /// <summary>Goes to each step that is wanted, in order.</summary>
    private static void EachWanted(StepSession session, Wanted wanted, Action show)
    {
        Begin(session, wanted.First);
        do
        {
            show();
        }
        while (session.Position < wanted.Last && session.Forward());
    }

    private static void SayWhatIsLeft(Surroundings surroundings, StepSession session, Wanted wanted)
    {
        if (wanted is { At: 0, Until: 0 } && session.Position == wanted.Last && session.Forward())
        {
            surroundings.Say(
                $"verso step: these are the first {wanted.Last} events; --at N and --until N show others\n");
        }
    }

    /// <summary>What is to be shown.</summary>
    /// <param name="Name">The file.</param>
    /// <param name="At">The first step; 0: nobody said.</param>
    /// <param name="Until">The last one; 0: nobody said.</param>
    /// <param name="Unasked">The last one where nobody said anything.</param>
    /// <param name="AsJson">As documents.</param>
    private sealed record Wanted(string Name, int At, int Until, int Unasked, bool AsJson)
    {
        /// <summary>The first step that is printed.</summary>
        internal long First => Math.Max(At, 1);

        /// <summary>The last one.</summary>
        internal long Last => Until > 0 ? Until : At > 0 ? At : Unasked;
    }
}
