using Verso.Engine;

namespace Verso.Lab.Locks;

/// <summary>What one lock came to, or all of a class together.</summary>
public sealed class LockFigures
{
    private readonly int _firstTask;
    private HashSet<int>? _tasks;

    internal LockFigures(LockClass lockClass, int task)
    {
        Class = lockClass;
        _firstTask = task;
    }

    public LockClass Class { get; }

    /// <summary>The address space of the trace whose event took it first.</summary>
    public int Mm { get; internal init; }

    /// <summary>The number of that event.</summary>
    public long FirstEvent { get; internal init; }

    /// <summary>The file, for people, where the lock is one's and the trace names it; else null.</summary>
    public string? Path { get; internal init; }

    /// <summary>How many locks these are.</summary>
    public long Locks { get; internal set; } = 1;

    /// <summary>Acquisitions for reading.</summary>
    public long Reads { get; private set; }

    /// <summary>Acquisitions for writing.</summary>
    public long Writes { get; private set; }

    /// <summary>Steps it was held, of all acquisitions.</summary>
    public long Steps { get; private set; }

    /// <summary>Steps of the longest.</summary>
    public long LongestSteps { get; private set; }

    /// <summary>Tasks that took it.</summary>
    public int Tasks => _tasks?.Count ?? 1;

    internal void Add(LockMode mode, int task, long steps)
    {
        Reads += mode == LockMode.Read ? 1 : 0;
        Writes += mode == LockMode.Write ? 1 : 0;
        Steps += steps;
        LongestSteps = Math.Max(LongestSteps, steps);
        if (task != _firstTask)
        {
            _tasks ??= [_firstTask];
        }

        _tasks?.Add(task);
    }
}
