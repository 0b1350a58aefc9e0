using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Verso.Lab.Families;
using Verso.Linux.Graph;
using Verso.Reports.Json;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>verso top: what the reverse maps of live processes cost, again and again.</summary>
internal static class TopCommand
{
    private const int LimitWithoutTerminal = 20;

    internal static Command Create()
    {
        Option<int[]> pids = new("--pid", "-p")
        {
            Description = "these processes",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = true,
            CustomParser = SnapshotCommand.ParsePids,
            HelpName = "PID",
        };
        Option<string?> cgroup = SnapshotCommand.Cgroup();
        Option<bool> all = new("--all", "-a") { Description = "every process; the default" };
        Option<string?> from = SnapshotCommand.From();
        Option<string> sort = Sort();
        Option<double> interval = Interval();
        Option<int> count = ReplaySettings.Number(
            "--count", 0, 0, "end after N views; 0: never, but after one with --from, json and prometheus");
        Option<int> limit = ReplaySettings.Number(
            "--limit", 0, 0, "at most N processes; 0: what fits the terminal, 20 without one, all in other formats");
        Option<string> format = ReplaySettings.Format("text", "json", "prometheus");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "top",
            "Shows live processes by what their reverse maps cost, and what came since the last look; refreshed "
            + "in place on a terminal, until Ctrl-C. Returns 0, or 2 on trouble.",
            "verso top                                # every process, every 2 seconds (root)",
            "verso top --sort vmas --interval 0.5 --pid $(pidof java)",
            "verso top --count 1 --limit 5            # one table, into a mail",
            "verso top --format prometheus > /var/lib/node_exporter/verso.prom.new")
        {
            pids, cgroup, all, from, sort, interval, count, limit, format, json,
        };
        command.SetAction(parsed =>
        {
            string form = ReplaySettings.FormatOf(parsed, format, json);
            string? file = parsed.GetValue(from);
            int wanted = parsed.GetValue(count);
            int looked = wanted == 0 && (form != "text" || file is not null) ? 1 : wanted;
            RefuseMoreLooks(form, file, looked);
            if (looked == 1)
            {
                string one = file is null ? "this is one: say --count N" : "--from is one";
                RefuseBesideOneLook(parsed, interval, sort, one);
            }

            Looks looks = new(
                SnapshotCommand.Choose(
                    parsed.GetValue(pids) ?? [], parsed.GetValue(cgroup), parsed.GetValue(all), file),
                ParseOrder(parsed.GetRequiredValue(sort)),
                TimeSpan.FromSeconds(parsed.GetValue(interval)),
                looked,
                parsed.GetValue(limit),
                form);
            Surroundings surroundings = Surroundings.Of(parsed);
            return file is null ? Watch(surroundings, looks) : ShowKept(surroundings, looks, file);
        });
        return command;
    }

    private static void RefuseMoreLooks(string form, string? file, int looks)
    {
        if (looks != 1 && file is not null)
        {
            throw new UsageException("--from is one look: leave out --count");
        }

        if (looks != 1 && form == "prometheus")
        {
            throw new UsageException("--format prometheus is one look, whole: leave out --count, and ask again");
        }
    }

    private static void RefuseBesideOneLook(
        ParseResult parsed, Option<double> interval, Option<string> sort, string one)
    {
        parsed.Refuse($"is between two looks, and {one}, or leave it out", interval);
        if (ParseOrder(parsed.GetRequiredValue(sort)) == TopOrder.Growth)
        {
            throw new UsageException($"--sort growth compares two looks, and {one}, or sort by something else");
        }
    }

    /// <summary>What is looked at, and how.</summary>
    private sealed record Looks(
        Func<ProcessSelection> Selection, TopOrder Order, TimeSpan Interval, int Count, int Limit, string Format);

    private static int ShowKept(Surroundings surroundings, Looks looks, string file)
    {
        TopView view = TopView.Of(SnapshotCommand.TakeOrLoad(file, () => ProcessSelection.All), looks.Order);
        surroundings.Output.Write(Render(surroundings, looks, view, LimitOf(looks, null)));
        return ExitStatus.Success;
    }

    private static int Watch(Surroundings surroundings, Looks looks)
    {
        ProcessSelection selection = looks.Selection();
        using GraphReader reader = GraphReader.Open();
        using Interruption interruption = new();

        // The first reading is outside of the screen that is put away at the end: what is wrong with it stays in sight.
        TopView first = TopView.Of(SnapshotTaker.Take(reader, selection, SnapshotDetail.Graph), looks.Order);
        if (looks.Format == "text" && LiveScreen.TryOpen(surroundings) is { } screen)
        {
            using (screen)
            {
                void Show(TopView view) => screen.Show(
                    TopText.Render(view, LimitOf(looks, screen), LiveScreen.Width, surroundings.Palette));
                Repeat(reader, selection, looks, first, Show, interruption.Token);
            }
        }
        else
        {
            void Write(TopView view)
            {
                string gap = view == first || looks.Format != "text" ? "" : "\n";
                surroundings.Output.Write(gap + Render(surroundings, looks, view, LimitOf(looks, null)));
                surroundings.Output.Flush();
            }

            Repeat(reader, selection, looks, first, Write, interruption.Token);
        }

        return ExitStatus.Success;
    }

    // Ctrl-C is how this ends, and no trouble.
    private static void Repeat(
        GraphReader reader,
        ProcessSelection selection,
        Looks looks,
        TopView first,
        Action<TopView> show,
        CancellationToken token)
    {
        TopView view = first;
        for (long shown = 1; ; shown++)
        {
            show(view);
            if (shown == looks.Count || token.WaitHandle.WaitOne(looks.Interval))
            {
                return;
            }

            selection = selection.Again();
            view = TopView.Of(SnapshotTaker.Take(reader, selection, SnapshotDetail.Graph), looks.Order, view);
        }
    }

    private static string Render(Surroundings surroundings, Looks looks, TopView view, int limit) => looks.Format switch
    {
        "json" => JsonReport.Render(view, limit),
        "prometheus" => PrometheusText.Render(view, limit),
        _ => TopText.Render(view, limit, surroundings.Width, surroundings.Palette),
    };

    private static int LimitOf(Looks looks, LiveScreen? screen)
    {
        int fits = screen is not null ? Math.Max(LiveScreen.Height - TopText.HeadLines - 1, 1)
            : looks.Format == "text" ? LimitWithoutTerminal
            : int.MaxValue;
        return looks.Limit == 0 ? fits : screen is null ? looks.Limit : Math.Min(looks.Limit, fits);
    }

    private static Option<string> Sort()
    {
        string[] names = [.. Enum.GetNames<TopOrder>().Select(Kebab.Of)];
        Option<string> option = new("--sort")
        {
            Description = $"{string.Join(", ", names[..^1])} or {names[^1]}; growth is of bytes since the last look",
            DefaultValueFactory = _ => names[0],
            HelpName = "ORDER",
        };
        option.AcceptOnlyFromAmong(names);
        return option;
    }

    private static TopOrder ParseOrder(string name) =>
        Enum.GetValues<TopOrder>().First(order => Kebab.Of(order.ToString()) == name);

    private static Option<double> Interval() => new("--interval", "-i")
    {
        Description = "seconds between two looks, 0.1 to 86400",
        DefaultValueFactory = _ => 2,
        CustomParser = ParseInterval,
        HelpName = "SECONDS",
    };

    private static double ParseInterval(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds is >= 0.1 and <= 86400)
        {
            return seconds;
        }

        result.AddError($"--interval takes seconds from 0.1 to 86400, not '{text}'");
        return 1;
    }
}
