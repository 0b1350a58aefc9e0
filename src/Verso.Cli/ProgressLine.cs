using System.Globalization;
using Verso.Lab.Comparison;

namespace Verso.Cli;

/// <summary>
/// One line on a terminal that says how far the replays are; it is wiped out at the end. Nothing elsewhere.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(200);

    private readonly TextWriter _error;
    private readonly ReplayProgress _progress;
    private readonly Timer? _timer;
    private bool _isDrawn;

    private ProgressLine(Surroundings surroundings, ReplayProgress progress)
    {
        _error = surroundings.Error;
        _progress = progress;
        _timer = surroundings.ShowsProgress ? new Timer(_ => Draw(), null, s_patience, s_period) : null;
    }

    internal static ProgressLine Start(Surroundings surroundings, ReplayProgress progress) =>
        new(surroundings, progress);

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
        _error.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"\r\e[K{_progress.Share * 100:F0} %, {_progress.Events:N0} events replayed"));
    }
}
