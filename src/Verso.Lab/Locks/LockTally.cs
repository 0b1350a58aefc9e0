using Verso.Engine;
using Verso.Engine.Objects;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Locks;

/// <summary>Counts the locks of a replay, each by itself and by class, with how long they were held.</summary>
/// <remarks>Memory grows with the locks that there were, some hundred bytes each.</remarks>
public sealed class LockTally : IReplayLockLog
{
    private readonly List<LockFigures> _all = [];
    private readonly Dictionary<LockId, LockFigures> _present = [];
    private readonly SortedDictionary<LockClass, LockFigures> _classes = [];
    private readonly Stack<(LockId Id, long Step)> _held = [];
    private readonly Dictionary<(ulong Device, ulong Inode), string> _paths = [];
    private FileTable? _files;
    private long _number;
    private int _mm;

    /// <summary>By class, in the order in which they may be taken.</summary>
    public IReadOnlyCollection<LockFigures> Classes => _classes.Values;

    /// <summary>The locks taken most often, and of those taken as often the one taken first. Not RCU.</summary>
    /// <param name="count">At most so many.</param>
    public IReadOnlyList<LockFigures> MostTaken(int count) =>
        [.. _all.Where(each => each.Class != LockClass.Rcu)
            .OrderByDescending(each => each.Reads + each.Writes).Take(count)];

    /// <inheritdoc/>
    public void Attach(Machine machine) => _files = machine.World.Files;

    /// <inheritdoc/>
    public void Event(long number, in TraceEvent e)
    {
        _number = number;
        _mm = e.Mm;
        if (e.Payload is FileIdentity file)
        {
            _paths[(file.Device, file.Inode)] = file.Path;
        }
    }

    /// <inheritdoc/>
    public void Begin(LockId id, LockMode mode, int task, long step) => _held.Push((id, step));

    /// <inheritdoc/>
    public void End(LockId id, LockMode mode, int task, long step, long work)
    {
        (LockId held, long began) = _held.Pop();
        while (held != id)
        {
            // The machine has run out of memory, or the user of patience, and it was never released.
            (held, began) = _held.Pop();
        }

        if (!_present.TryGetValue(id, out LockFigures? one))
        {
            one = new LockFigures(id.Class, task) { Mm = _mm, FirstEvent = _number, Path = PathOf(id) };
            _present.Add(id, one);
            _all.Add(one);
            if (_classes.TryGetValue(id.Class, out LockFigures? known))
            {
                known.Locks++;
            }
            else
            {
                _classes.Add(id.Class, new LockFigures(id.Class, task));
            }
        }

        one.Add(mode, task, step - began);
        _classes[id.Class].Add(mode, task, step - began);
    }

    /// <inheritdoc/>
    public void Gone(LockId id) => _present.Remove(id);

    private string? PathOf(LockId id)
    {
        if (id.Class != LockClass.FileMap || _files is null)
        {
            return null;
        }

        Inode inode = _files.InodeAt(id.Owner);
        string path = _paths.GetValueOrDefault((inode.Device, inode.Number), "");
        return path.Length > 0 ? path : null;
    }
}
