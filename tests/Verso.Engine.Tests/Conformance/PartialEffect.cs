using Verso.Engine.Tests.Model;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// Judges a step during which an allocation failed or VMAs may have run out (S4): the call may say so, and then what it
/// did is a prefix of the changes it makes one after the other.
/// </summary>
internal sealed class PartialEffect(EngineStage driver, AbstractModel before)
{
    /// <summary>
    /// Text of the difference, or null; then <paramref name="after"/> is the model in the state that was found.
    /// </summary>
    public string? Judge(Op op, Outcome seen, ref AbstractModel after)
    {
        bool failed = IsFailure(op, seen);
        AbstractModel dry = before.Clone();
        dry.Apply(op, seen);
        string? reason = null;
        foreach ((AbstractModel candidate, bool isWhole) in Candidates(op, seen))
        {
            // A failed call may have done everything but its best-effort part; one that succeeded must have done all
            // that counts.
            if (!failed && (!isWhole || seen != dry.Expected))
            {
                reason ??= isWhole ? $"{seen}, expected {dry.Expected}" : null;
                continue;
            }

            string? difference = new StateCheck(driver, candidate).Compare();
            if (difference is null)
            {
                candidate.MayStopShort = false;
                after = candidate;
                return null;
            }

            reason = difference;
        }

        return $"{op}: ended with {seen} in a state no prefix of its steps explains; of the last: {reason}";
    }

    /// <summary>
    /// madvise turns ENOMEM of flag changes into EAGAIN, mlock that of population.
    /// </summary>
    private static bool IsFailure(Op op, Outcome seen) =>
        seen.Errno == Errno.ENOMEM
        || (seen.Errno == Errno.EAGAIN && op.Kind is OpKind.Advise or OpKind.Lock)
        || seen.Fault == FaultOutcome.OutOfMemory
        || (op.Kind == OpKind.Brk && seen.Errno == Errno.None);

    private IEnumerable<(AbstractModel Model, bool IsWhole)> Candidates(Op op, Outcome seen)
    {
        Change[] changes = [.. before.Clone().Changes(op, seen)];

        // The whole first: what a hole in a file does cannot be seen before somebody reads there. But an access that
        // faulted did not happen, which would not be seen either where the page is not mapped.
        for (int count = seen.Fault == FaultOutcome.OutOfMemory ? 0 : changes.Length; count >= 0; count--)
        {
            bool isWhole = changes.AsSpan(count).IndexOf(Change.Needed) < 0;
            yield return (Prefix(op, seen, count), isWhole);
        }

        if (op.Kind == OpKind.Remap && !op.Has(OpWords.DontUnmap))
        {
            foreach ((long from, long to) in Parts(op))
            {
                yield return (SourceLeft(op, seen, from, to), true);
            }
        }

        if (op.MovesSeveral)
        {
            foreach ((long from, long to) in Parts(op))
            {
                yield return (TargetCleared(op, seen, from, to), false);
            }
        }
    }

    /// <summary>What could be one VMA of the moved range.</summary>
    private static IEnumerable<(long From, long To)> Parts(Op op)
    {
        long count = Math.Min(op.Count, op.NewCount);
        for (long from = 0; from < count; from++)
        {
            for (long to = from + 1; to <= count; to++)
            {
                yield return (from, to);
            }
        }
    }

    private AbstractModel Prefix(Op op, Outcome seen, int count)
    {
        AbstractModel model = before.Clone();
        model.MayStopShort = true;
        using IEnumerator<Change> changes = model.Changes(op, seen).GetEnumerator();
        for (int made = 0; made < count; made++)
        {
            _ = changes.MoveNext();
        }

        return model;
    }

    /// <summary>
    /// A move that succeeded, but could not split a VMA it left: that stays mapped, and empty (unmap_source_vma).
    /// </summary>
    private AbstractModel SourceLeft(Op op, Outcome seen, long from, long to)
    {
        AbstractModel model = before.Clone();
        model.Apply(op, seen);
        for (long at = op.Start + from; at < op.Start + to; at++)
        {
            if (before.PageAt(op.Mm, at) is ModelPage page && model.PageAt(op.Mm, at) is null)
            {
                model.Settle(op.Mm, at, page.Emptied());
            }
        }

        return model;
    }

    /// <summary>Some VMAs have moved; where the next would have gone is already unmapped.</summary>
    private AbstractModel TargetCleared(Op op, Outcome seen, long from, long to)
    {
        AbstractModel model = before.Clone();
        if (from > 0)
        {
            model.Apply(op with { Count = from, NewCount = from }, seen);
        }

        for (long at = from; at < to; at++)
        {
            if (before.PageAt(op.Mm, op.Start + at) is not null)
            {
                model.Remove(op.Mm, op.Target + at);
            }
        }

        return model;
    }
}
