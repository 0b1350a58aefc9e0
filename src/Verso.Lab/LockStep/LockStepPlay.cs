using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>One scenario as it is played on the engine and, where there is one, on the kernel.</summary>
public sealed class LockStepPlay : IPlayer
{
    private readonly Scenario _scenario;
    private readonly StateJudge? _states;
    private readonly LockStepStage _stage;
    private readonly Player<Op, LockStepOutcome> _player;
    private bool _hasEnded;

    internal LockStepPlay(
        Scenario scenario,
        ISource<Op> source,
        LockStepStage stage,
        StateJudge? states,
        IEnumerable<Observer<Op, LockStepOutcome>?> observers)
    {
        _scenario = scenario;
        _states = states;
        _stage = stage;
        _player = new Player<Op, LockStepOutcome>(
            source, stage, [.. observers.OfType<Observer<Op, LockStepOutcome>>()]);
    }

    /// <inheritdoc/>
    public long Position => _player.Position;

    /// <inheritdoc/>
    public string? Difference => Failure?.Difference;

    /// <inheritdoc/>
    public Machine Machine => _stage.Machine;

    /// <inheritdoc/>
    public IEnumerable<PlayedSpace> Spaces => _stage.Spaces;

    /// <summary>The engine's side, to be looked at.</summary>
    public EngineStage Engine => _stage.Engine;

    /// <summary>The step that was taken last. Requires: there was one.</summary>
    public Op Step => _player.Step;

    /// <summary>Where in the scenario the last step was, from 0; those that were passed over count.</summary>
    public int At => Scripted?.At ?? (int)Position - 1;

    /// <summary>What went wrong; null: nothing so far.</summary>
    public Failure? Failure { get; private set; }

    /// <summary>Where the scenario is read from; null: it is made on the way.</summary>
    internal ScenarioSource? Scripted { get; init; }

    internal RefusalCount? Refusals { get; init; }

    /// <summary>Steps that a kernel refused in a recording, and that were refused again.</summary>
    internal long RefusedAgain => Refusals?.Count ?? 0;

    /// <summary>The first step since all was compared whose state was not; null: there is none.</summary>
    internal int? FirstSkipped => _states?.FirstSkipped;

    /// <inheritdoc/>
    public bool Next()
    {
        if (_player.Next())
        {
            Failure = _player.Difference is string difference ? new Failure(_scenario, At, difference) : null;
            return true;
        }

        if (Failure is null && !_hasEnded)
        {
            _hasEnded = true;
            Failure = WhyItEnds();
        }

        return false;
    }

    internal void PlayOut(CancellationToken cancellation)
    {
        do
        {
            cancellation.ThrowIfCancellationRequested();
        }
        while (Next());
    }

    /// <summary>Null: because it is over, and nothing differs.</summary>
    private Failure? WhyItEnds() =>
        Scripted?.Impossible is Op impossible
            ? new Failure(_scenario, At, $"{impossible}: not possible here", FailureKind.NotPlayable)
        : _states?.CompareRest() is string difference
            ? new Failure(_scenario, _scenario.Ops.Count - 1, $"{_scenario.Ops[^1]}: {difference}")
        : null;
}
