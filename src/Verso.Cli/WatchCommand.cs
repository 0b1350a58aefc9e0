using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Verso.Linux.Graph;

namespace Verso.Cli;

/// <summary>verso watch: writes down why a process has so many VMAs before it has too many.</summary>
internal static class WatchCommand
{
    private const double UsualShare = 0.8;

    internal static Command Create()
    {
        Argument<int[]> pids = Pids();
        Option<string?> cgroup = SnapshotCommand.Cgroup();
        Option<bool> all = new("--all", "-a") { Description = "every process; the default" };
        Option<double> above = Above();
        Option<double> interval = SecondsOption.Create(
            "--interval", WatchLoop.UsualInterval, 0.05, "seconds between looks", "-i");
        Option<double> time = SecondsOption.Create("--for", null, 0.1, "end after so many seconds");
        Option<bool> once = new("--once") { Description = "look once; returns 1 if a process is above" };
        Option<string> output = new("--output", "-o")
        {
            Description = "write snapshots and explanations into this directory",
            DefaultValueFactory = _ => ".",
            HelpName = "DIR",
        };
        Option<string?> hook = Hook();
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "watch",
            "Waits until a process nears vm.max_map_count; then writes a snapshot of it and why it has so many VMAs, "
            + "says so on one line, and runs a hook. Told of again at 90, 95 and 99 %, and from the beginning once it "
            + "has had a tenth fewer than the first level. Light enough to be left on. Returns 0, also after Ctrl-C "
            + "and SIGTERM; 1 with --once if a process is above; 2 on errors.",
            "verso watch                              # every process (root)",
            "verso watch --above 60% --output /var/lib/verso --exec 'systemd-cat echo $VERSO_PID $VERSO_EXPLANATION'",
            "verso watch --cgroup system.slice/postgresql.service -j",
            "verso watch --once || mail -s 'near vm.max_map_count' root < verso-*.txt")
        {
            pids, cgroup, all, above, interval, time, once, output, hook, format, json,
        };
        command.SetAction(parsed =>
        {
            bool isOnce = parsed.GetValue(once);
            if (isOnce)
            {
                parsed.Refuse("has no effect with --once", interval, time);
            }

            int[] named = parsed.GetValue(pids) ?? [];
            string? group = parsed.GetValue(cgroup);
            if ((named.Length > 0 ? 1 : 0) + (group is null ? 0 : 1) + (parsed.GetValue(all) ? 1 : 0) > 1)
            {
                throw new UsageException("choose one of PID..., --cgroup and --all");
            }

            string folder = parsed.GetRequiredValue(output);
            if (!Directory.Exists(folder))
            {
                throw new DirectoryNotFoundException($"'{folder}' is no directory");
            }

            Surroundings surroundings = Surroundings.Of(parsed);
            ProcessSelection selection = SnapshotCommand.Choose(named, group, parsed.GetValue(all), null)();
            SnapshotCommand.SayLeftOut(surroundings, selection);
            WatchLoop loop = new(surroundings, selection)
            {
                Above = parsed.Has(above) ? parsed.GetValue(above) : UsualShare,
                Interval = TimeSpan.FromSeconds(parsed.GetValue(interval)),
                Time = parsed.Has(time) ? TimeSpan.FromSeconds(parsed.GetValue(time)) : null,
                IsOnce = isOnce,
                Folder = folder,
                Hook = parsed.GetValue(hook),
                IsJson = ReplaySettings.FormatOf(parsed, format, json) == "json",
            };
            return loop.Run();
        });
        return command;
    }

    private static Argument<int[]> Pids() => new("PID")
    {
        Description = "these processes",
        Arity = ArgumentArity.ZeroOrMore,
        CustomParser = SnapshotCommand.ParsePids,
    };

    private static Option<string?> Hook() => new("--exec")
    {
        Description = "have sh run this for each, with VERSO_PID, VERSO_COMM, VERSO_VMAS, VERSO_LIMIT, "
            + "VERSO_SNAPSHOT and VERSO_EXPLANATION in its environment; what it prints goes to stderr",
        HelpName = "COMMAND",
    };

    private static Option<double> Above() => new("--above")
    {
        Description = $"the share of vm.max_map_count from which a process is told of; default: {UsualShare * 100}%",
        CustomParser = ParseAbove,
        HelpName = "PERCENT",
    };

    private static double ParseAbove(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (double.TryParse(
                text.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent)
            && percent is >= 0.01 and <= 100)
        {
            return percent / 100;
        }

        result.AddError($"--above takes a share from 0.01% to 100%, not '{text}'");
        return 1;
    }
}
