using System.Diagnostics;
using Verso.Lab.Families;
using Verso.Linux;
using Verso.Linux.Graph;
using Verso.Reports.Json;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>What verso top looks at, and how: one look after another.</summary>
internal sealed record TopLooks(
    Func<ProcessSelection> Selection, TopOrder Order, TimeSpan Interval, int Count, int Limit, string Format)
{
    private const int LimitWithoutTerminal = 20;

    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(500);

    /// <summary>What names, units or ids of processes have to contain.</summary>
    internal string Filter { get; init; } = "";

    /// <summary>Where Prometheus may ask; null: what there is is printed.</summary>
    internal string? Listen { get; init; }

    internal int ShowKept(Surroundings surroundings, string file)
    {
        TopView view = TopView.Of(SnapshotCommand.TakeOrLoad(surroundings, file, () => ProcessSelection.All), Order);
        surroundings.Output.Write(Render(surroundings, view));
        return ExitStatus.Success;
    }

    internal int Watch(Surroundings surroundings)
    {
        ProcessSelection selection = Selection();
        SnapshotCommand.SayLeftOut(surroundings, selection);
        using TopSource source = TopSource.Open(surroundings, selection, Order);
        using Interruption interruption = new();
        if (Listen is not null)
        {
            TopListener.Serve(
                surroundings,
                Listen,
                () => PrometheusText.Render(source.Look().With(Filter), LimitOr(int.MaxValue)),
                interruption.Token);
            return ExitStatus.Success;
        }

        // The first reading is outside of the screen that is put away at the end: what is wrong with it stays in sight.
        TopView first = source.Look();
        bool isWatchable = Format == "text"
            ? WatchAsText(surroundings, source, first, interruption.Token)
            : Repeat(source, first, view => Write(surroundings, view, ""), WaitFor(interruption.Token));
        if (!isWatchable)
        {
            surroundings.Say($"verso top: {Printable.Of(source.Selection)} ended\n");
        }

        return ExitStatus.Success;
    }

    private bool WatchAsText(Surroundings surroundings, TopSource source, TopView first, CancellationToken token)
    {
        TopScreen keys = new(surroundings, source, Order, Filter, LimitOr(int.MaxValue));
        using LiveScreen? screen = LiveScreen.TryOpen(surroundings);
        return screen is null
            ? Repeat(
                source,
                first,
                view => Write(surroundings, view, view == first ? "" : "\n"),
                WaitFor(token))
            : Repeat(
                source,
                first,
                view => screen.Show(keys.Show(view)),
                interval => keys.Rest(screen, interval, token));
    }

    /// <summary>False if what was to be watched is no more; q, Ctrl-C and the last look are no such end.</summary>
    private bool Repeat(TopSource source, TopView first, Action<TopView> show, Func<TimeSpan, bool> rest)
    {
        TopView view = first;
        for (long shown = 1; ; shown++)
        {
            show(view);
            if (shown == Count || rest(Interval))
            {
                return true;
            }

            view = source.Look();
            if (view.Processes == 0 && !source.MayGrow)
            {
                return false;
            }
        }
    }

    // Whoever read it may have gone long before there is more to write.
    private static Func<TimeSpan, bool> WaitFor(CancellationToken token) => interval =>
    {
        long begin = Stopwatch.GetTimestamp();
        TimeSpan left = interval;
        while (left > TimeSpan.Zero && !DescriptorStream.Output.HasLostItsReader)
        {
            if (token.WaitHandle.WaitOne(left < s_glance ? left : s_glance))
            {
                return true;
            }

            left = interval - Stopwatch.GetElapsedTime(begin);
        }

        return false;
    };

    private void Write(Surroundings surroundings, TopView view, string gap)
    {
        surroundings.Output.Write(gap + Render(surroundings, view));
        surroundings.Output.Flush();
    }

    private string Render(Surroundings surroundings, TopView whole)
    {
        TopView view = whole.With(Filter);
        return Format switch
        {
            "json" => JsonReport.Render(view, LimitOr(int.MaxValue)),
            "prometheus" => PrometheusText.Render(view, LimitOr(int.MaxValue)),
            _ => TopText.Render(view, LimitOr(LimitWithoutTerminal), surroundings.Width, surroundings.Palette),
        };
    }

    private int LimitOr(int otherwise) => Limit == 0 ? otherwise : Limit;
}
