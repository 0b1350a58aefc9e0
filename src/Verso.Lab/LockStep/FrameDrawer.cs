using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Shows the state after each step.</summary>
/// <param name="engine">Whose.</param>
/// <param name="look">Is shown it.</param>
/// <param name="walks">Whether each page is walked for.</param>
internal sealed class FrameDrawer(EngineStage engine, Action<Frame> look, bool walks)
    : Observer<Op, LockStepOutcome>
{
    /// <summary>Numbers of what pages name, as they first appear.</summary>
    private readonly Dictionary<(int Object, bool IsAnonymous), int> _objects = [];
    private int _lastNumber;

    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in LockStepOutcome outcome)
    {
        Frame frame = new(
            step, outcome.Engine.ToText(step), StateText.Of(engine, engine.Window, engine.Mms.Keys))
        {
            Walks = walks ? [.. engine.Mms.SelectMany(mm => WalksOf(mm.Key, mm.Value))] : [],
        };

        // A handle that no page names is free for another object.
        HashSet<int> named = [.. frame.Walks.Select(walk => walk.Object)];
        foreach (var key in _objects.Keys.Where(key => !named.Contains(_objects[key])).ToArray())
        {
            _objects.Remove(key);
        }

        look(frame);
        return null;
    }

    private IEnumerable<PageWalk> WalksOf(char letter, MmId mm)
    {
        for (long page = 0; page < Window.Pages; page++)
        {
            ulong address = engine.Window.AccessAddress(page);
            PageView view = engine.Machine.PageAt(mm, address);
            if (view.Presence == PagePresence.Present)
            {
                WalkResult walk = engine.Machine.Walk(mm, address);
                yield return new PageWalk(letter, page, NumberOf(view), walk.Visited, walk.Useful);
            }
        }
    }

    private int NumberOf(PageView view)
    {
        int named = engine.Machine.World.Frames[view.Frame].Mapping;
        if (named == 0)
        {
            return 0;
        }

        (int, bool) key = (named, view.Anonymous);
        if (!_objects.TryGetValue(key, out int number))
        {
            number = ++_lastNumber;
            _objects.Add(key, number);
        }

        return number;
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
