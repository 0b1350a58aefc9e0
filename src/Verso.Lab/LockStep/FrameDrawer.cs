using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Shows the state after each step.</summary>
/// <param name="engine">Whose.</param>
/// <param name="look">Is shown it.</param>
internal sealed class FrameDrawer(EngineStage engine, Action<Frame> look) : Observer<Op, LockStepOutcome>
{
    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in LockStepOutcome outcome)
    {
        look(new Frame(
            step, outcome.Engine.ToText(step), StateText.Of(engine, engine.Window, engine.Mms.Keys)));
        return null;
    }
}

/// <summary>Counts the steps that a kernel refused in a recording and that were refused again.</summary>
/// <param name="recording">What it refused.</param>
/// <param name="source">Says where in the scenario.</param>
internal sealed class RefusalCount(RecordedCalls recording, ScenarioSource source) : Observer<Op, LockStepOutcome>
{
    /// <summary>How many.</summary>
    public long Count { get; private set; }

    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in LockStepOutcome outcome)
    {
        bool isRefused = outcome.Engine.Errno != Errno.None;
        Count += isRefused && recording.Refused.ContainsKey(source.At) ? 1 : 0;
        return null;
    }
}
