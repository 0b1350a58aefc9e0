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
        using GraphReader reader = GraphReader.Open();
        using Interruption interruption = new();

        // The first reading is outside of the screen that is put away at the end: what is wrong with it stays in sight.
        TopView first = Look(reader, selection, null);
        bool isWatchable = Format == "text"
            ? WatchAsText(surroundings, reader, selection, first, interruption.Token)
            : Repeat(
                reader, selection, first, view => Write(surroundings, view, ""), WaitFor(interruption.Token));
        if (!isWatchable)
        {
            surroundings.Error.Write($"verso top: {Printable.Of(selection.Text)} ended\n");
        }

        return ExitStatus.Success;
    }

    private bool WatchAsText(
        Surroundings surroundings,
        GraphReader reader,
        ProcessSelection selection,
        TopView first,
        CancellationToken token)
    {
        using LiveScreen? screen = LiveScreen.TryOpen(surroundings);
        if (screen is null)
        {
            return Repeat(
                reader,
                selection,
                first,
                view => Write(surroundings, view, view == first ? "" : "\n"),
                WaitFor(token));
        }

        return Repeat(
            reader,
            selection,
            first,
            view => screen.Show(() => TopText.Render(view, LimitOnScreen, LiveScreen.Width, surroundings.Palette)),
            interval => screen.Rest(interval, token));
    }

    /// <summary>False if what was to be watched is no more; q, Ctrl-C and the last look are no such end.</summary>
    private bool Repeat(
        GraphReader reader,
        ProcessSelection selection,
        TopView first,
        Action<TopView> show,
        Func<TimeSpan, bool> rest)
    {
        TopView view = first;
        for (long shown = 1; ; shown++)
        {
            show(view);
            if (shown == Count || rest(Interval))
            {
                return true;
            }

            selection = selection.Again();
            view = Look(reader, selection, view);
            if (view.Processes == 0 && !selection.MayGrow)
            {
                return false;
            }
        }
    }

    private TopView Look(GraphReader reader, ProcessSelection selection, TopView? before) =>
        TopView.Of(SnapshotTaker.Take(reader, selection, SnapshotDetail.Graph), Order, before);

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

    private string Render(Surroundings surroundings, TopView view) => Format switch
    {
        "json" => JsonReport.Render(view, LimitOr(int.MaxValue)),
        "prometheus" => PrometheusText.Render(view, LimitOr(int.MaxValue)),
        _ => TopText.Render(view, LimitOr(LimitWithoutTerminal), surroundings.Width, surroundings.Palette),
    };

    private int LimitOr(int otherwise) => Limit == 0 ? otherwise : Limit;

    private int LimitOnScreen =>
        Math.Min(LimitOr(int.MaxValue), Math.Max(LiveScreen.Height - TopText.HeadLines - 1, 1));
}
