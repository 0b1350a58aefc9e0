using System.CommandLine;
using Verso.Lab.Families;
using Verso.Lab.Words;

namespace Verso.Cli;

/// <summary>verso top: what the reverse maps of live processes cost, again and again.</summary>
internal static class TopCommand
{
    private const string SnapshotOnce = "with --from: a snapshot is shown once";
    private const string PrometheusOnce = "with --format prometheus: it prints once";

    internal static Command Create()
    {
        Option<int[]> pids = SnapshotCommand.Pids();
        Option<string?> cgroup = SnapshotCommand.Cgroup();
        Option<bool> all = new("--all", "-a") { Description = "every process; the default" };
        Option<string?> from = SnapshotCommand.From();
        Option<string> sort = Sort();
        Option<double> interval = SecondsOption.Create("--interval", 2, 0.1, "seconds between refreshes", "-i");
        Option<int> count = ReplaySettings.Number(
            "--count", 0, 0, "exit after N refreshes; 0: never, but after one with --from, json and prometheus");
        Option<int> limit = Limit();
        Option<string> filter = Filter();
        Option<string?> listen = Listen();
        Option<string> format = ReplaySettings.Format("text", "json", "prometheus");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "top",
            "Shows which processes are nearest to vm.max_map_count, how fast they grow, and what their reverse maps "
            + "cost; updated in place on a terminal, until q or Ctrl-C: Enter explains a process, / filters, ? "
            + "helps. Without root the VMAs of one's own processes. Returns 0, or 2 on errors.",
            "verso top                                # every process, every 2 seconds (root)",
            "verso top --sort growth --interval 0.5 --filter java",
            "verso top --count 1 --limit 5            # one table, into a mail",
            "verso top --format prometheus > /var/lib/node_exporter/verso.prom.new",
            "verso top --listen 127.0.0.1:9836        # for Prometheus to scrape")
        {
            pids, cgroup, all, from, sort, interval, count, limit, filter, listen, format, json,
        };
        command.SetAction(parsed =>
        {
            string form = ReplaySettings.FormatOf(parsed, format, json);
            string? file = parsed.GetValue(from);
            int wanted = parsed.GetValue(count);
            string? address = parsed.GetValue(listen) is string text ? TopListener.Parse(text) : null;
            if (address is not null)
            {
                parsed.Refuse("cannot be combined with --listen", from, interval, count, sort, format, json);
            }

            int looked = wanted == 0 && (form != "text" || file is not null) ? 1 : wanted;
            RefuseMoreLooks(form, file, looked);
            if (looked == 1)
            {
                string one = file is not null ? SnapshotOnce
                    : form == "prometheus" ? PrometheusOnce
                    : "with a single refresh: use --count N";
                RefuseBesideOneLook(parsed, interval, sort, one);
            }

            TopLooks looks = new(
                SnapshotCommand.Choose(
                    parsed.GetValue(pids) ?? [], parsed.GetValue(cgroup), parsed.GetValue(all), file),
                ParseOrder(parsed.GetRequiredValue(sort)),
                TimeSpan.FromSeconds(parsed.GetValue(interval)),
                looked,
                parsed.GetValue(limit),
                form)
            {
                Filter = parsed.GetRequiredValue(filter),
                Listen = address,
            };
            Surroundings surroundings = Surroundings.Of(parsed);
            return file is null ? looks.Watch(surroundings) : looks.ShowKept(surroundings, file);
        });
        return command;
    }

    private static void RefuseMoreLooks(string form, string? file, int looks)
    {
        if (looks != 1 && file is not null)
        {
            throw new UsageException($"--count has no effect {SnapshotOnce}");
        }

        if (looks != 1 && form == "prometheus")
        {
            throw new UsageException($"--count has no effect {PrometheusOnce}");
        }
    }

    private static void RefuseBesideOneLook(
        ParseResult parsed, Option<double> interval, Option<string> sort, string one)
    {
        parsed.Refuse($"has no effect {one}", interval);
        if (ParseOrder(parsed.GetRequiredValue(sort)) == TopOrder.Growth)
        {
            throw new UsageException($"--sort growth has no effect {one}");
        }
    }

    private static Option<int> Limit() => ReplaySettings.Number(
        "--limit",
        0,
        0,
        "show at most N processes, as Prometheus text also all with half of vm.max_map_count or more; "
            + "0: a screenful, 20 without a terminal, all in other formats");

    private static Option<string> Filter() => new("--filter")
    {
        Description = "only processes that have this in their command or systemd unit, or as their id",
        DefaultValueFactory = _ => "",
        HelpName = "WORD",
    };

    private static Option<string?> Listen() => new("--listen")
    {
        Description = "answer Prometheus at this address until interrupted, with a refresh for each request",
        HelpName = "ADDRESS:PORT",
    };

    private static Option<string> Sort()
    {
        string[] names = [.. Enum.GetNames<TopOrder>().Select(Kebab.Of)];
        Option<string> option = new("--sort")
        {
            Description = $"{string.Join(", ", names[..^1])} or {names[^1]}; "
                + "vmas: nearest to vm.max_map_count first; growth: VMAs a second since the last refresh",
            DefaultValueFactory = _ => names[0],
            HelpName = "ORDER",
        };
        option.AcceptOnlyFromAmong(names);
        return option;
    }

    private static TopOrder ParseOrder(string name) =>
        Enum.GetValues<TopOrder>().First(order => Kebab.Of(order.ToString()) == name);
}
