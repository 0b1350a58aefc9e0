using Verso.Engine.Vmas;
using Verso.Lab.Playing;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>Tells of every merge attempt while the event that leads to it is taken.</summary>
/// <param name="player">Who takes it.</param>
/// <param name="told">Is told.</param>
internal sealed class MergeWatch(Player<TraceEvent, EventOutcome> player, Action<MergeAttempt> told)
{
    /// <summary>Listens to the player's machine.</summary>
    public void Begin() => player.Machine.MergeTried = Tell;

    private void Tell(MergeTrial trial) =>
        told(new MergeAttempt(player.Position, player.Step.Kind, player.Step.Mm, trial));
}
