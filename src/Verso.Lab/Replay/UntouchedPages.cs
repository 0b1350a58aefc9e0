using Verso.Engine;

namespace Verso.Lab.Replay;

/// <summary>
/// Pages in the order in which they were last faulted, of which reclaim would take the first: the tail of an inactive
/// list, as far as a recording can tell (it sees faults, not accesses).
/// </summary>
/// <remarks>
/// A sample: every page up to <see cref="Most"/>, then every second, every fourth and so on, evenly over all time. A
/// page that was looked at goes to the end, as one does that reclaim finds referenced.
/// </remarks>
internal sealed class UntouchedPages
{
    /// <summary>Pages that are remembered.</summary>
    private const int Most = 4096;

    /// <summary>Pages that are looked at for one that is still mapped.</summary>
    private const int Tries = 32;

    private readonly Queue<(MmId Mm, ulong Address)> _pages = new(Most);
    private int _stride = 1;
    private int _passed;

    /// <summary>A page was faulted.</summary>
    public void Add(MmId mm, ulong address)
    {
        if (++_passed < _stride)
        {
            return;
        }

        _passed = 0;
        if (_pages.Count == Most)
        {
            Thin();
        }

        _pages.Enqueue((mm, address));
    }

    /// <summary>
    /// Walks for the anonymous page that was faulted longest ago and is still mapped, if there is one. Its locks are
    /// not counted: no reclaim was recorded.
    /// </summary>
    public void Walk(Machine machine)
    {
        for (int tries = 0; tries < Tries && _pages.TryDequeue(out (MmId Mm, ulong Address) at); tries++)
        {
            bool isThere = machine.World.Mms.IsLive(at.Mm)
                && machine.PageAt(at.Mm, at.Address) is { Anonymous: true, Presence: PagePresence.Present };
            if (isThere)
            {
                using LocksAside aside = machine.World.Locks.Aside();
                machine.Walk(at.Mm, at.Address, WalkPurpose.Reclaim);
                _pages.Enqueue(at);
                return;
            }
        }
    }

    private void Thin()
    {
        for (int left = _pages.Count; left > 0; left -= 2)
        {
            _pages.Enqueue(_pages.Dequeue());
            _ = _pages.Dequeue();
        }

        _stride *= 2;
    }
}
