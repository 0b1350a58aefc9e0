using System.Globalization;
using Verso.Lab.Comparison;
using Verso.Lab.LockStep;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>
/// One line on a terminal that says how far the work is; it is wiped out at the end. Nothing elsewhere.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(200);

    private readonly TextWriter _error;
    private readonly Func<string> _describe;
    private readonly Timer? _timer;
    private bool _isDrawn;

    private ProgressLine(Surroundings surroundings, Func<string> describe)
    {
        _error = surroundings.Error;
        _describe = describe;
        _timer = surroundings.ShowsProgress ? new Timer(_ => Draw(), null, s_patience, s_period) : null;
    }

    internal static ProgressLine Start(Surroundings surroundings, ReplayProgress progress) => new(
        surroundings,
        () => string.Create(
            CultureInfo.InvariantCulture,
            $"{progress.Share * 100:F0} %, {Figures.Plural(progress.Events, "event", "events")} replayed"));

    internal static ProgressLine Start(Surroundings surroundings, VerificationProgress progress) => new(
        surroundings,
        () => $"{Figures.Plural(progress.Steps, "step", "steps")} in "
            + Figures.Plural(progress.Sequences, "scenario", "scenarios"));

    internal static ProgressLine Start(Surroundings surroundings, Func<string> describe) =>
        new(surroundings, describe);

    public void Dispose()
    {
        if (_timer is null)
        {
            return;
        }

        using ManualResetEvent stopped = new(false);
        if (_timer.Dispose(stopped))
        {
            stopped.WaitOne();
        }

        if (_isDrawn)
        {
            _error.Write("\r\e[K");
        }
    }

    private void Draw()
    {
        _isDrawn = true;
        _error.Write($"\r\e[K{_describe()}");
    }
}
