namespace Verso.Engine.Tests.Model;

// mmap, munmap, brk.
internal sealed partial class AbstractModel
{
    private IEnumerable<Change> Map(Op op, Outcome seen)
    {
        long? place = PlaceFor(op, seen);
        if (op.Count <= 0 || place is not long start)
        {
            End(op.Count <= 0 ? Errno.EINVAL : Errno.EEXIST);
            yield break;
        }

        WindowFile? file = op.Kind == OpKind.File ? Window.Files.Single(each => each.Letter == op.Other) : null;
        bool denied = op.Has(OpWords.Shared) && (op.Protection & Protection.Write) != 0
            && file is not null && (file.Modes & FileModes.Write) == 0;
        if (denied || IsExecGain(op.Mm, op.Protection, op.Protection))
        {
            End(Errno.EACCES);
            yield break;
        }

        if (AnySealed(op.Mm, start, op.Count))
        {
            End(Errno.EPERM);
            yield break;
        }

        if (RemoveRange(op.Mm, start, op.Count))
        {
            yield return Change.Needed;
        }

        ModelPage first = FirstPage(op, file);
        foreach (long page in Range(0, op.Count))
        {
            _pages[(op.Mm, start + page)] = first.IsAnonymous ? first : first with { Offset = first.Offset + page };
        }

        yield return Change.Needed;
        if (op.Has(OpWords.Populate) || first.IsLocked)
        {
            Populate(op.Mm, Range(start, op.Count));
            yield return Change.BestEffort;
        }

        End(Errno.None, start);
    }

    private ModelPage FirstPage(Op op, WindowFile? file)
    {
        int behind = file?.Inode ?? 0;
        if (file is null && op.Has(OpWords.Shared))
        {
            behind = ++_lastObject;
            _objects.Add(behind, new ModelObject(op.Count * 2, FileKind.SharedMemory));
        }

        PageMarks marks = _mms[op.Mm].FutureLocks;
        marks |= op.Has(OpWords.Shared) ? PageMarks.Shared : 0;
        marks |= op.Has(OpWords.Locked) ? PageMarks.Locked : 0;
        marks |= op.Has(OpWords.NoReserve) ? PageMarks.NoReserve : 0;
        return new ModelPage
        {
            Protection = op.Protection,
            Marks = marks,
            Behind = behind,
            Offset = op.Target,
            File = file?.Letter ?? '-',
        };
    }

    /// <summary>Where the mapping goes; null if it may not go there.</summary>
    private long? PlaceFor(Op op, Outcome seen)
    {
        if (op.Start == Op.Anywhere)
        {
            return Search(op.Mm, op.Count, seen);
        }

        bool isFree = IsFree(op.Mm, op.Start, op.Count);
        if (op.Has(OpWords.NoReplace))
        {
            return isFree ? op.Start : null;
        }

        bool asHinted = isFree && !_window.SearchAligns;
        return op.Has(OpWords.Hint) && !asHinted ? Search(op.Mm, op.Count, seen) : op.Start;
    }

    /// <summary>The highest free range below the top of the search.</summary>
    private long Search(char mm, long count, Outcome seen)
    {
        if (_window.SearchAligns && seen.Errno == Errno.None && IsFree(mm, seen.Page, count))
        {
            return seen.Page;
        }

        long start = Window.Pages - count;
        while (!IsFree(mm, start, count))
        {
            start--;
        }

        return start;
    }

    private IEnumerable<Change> Unmap(Op op)
    {
        if (op.Count <= 0)
        {
            End(Errno.EINVAL);
            yield break;
        }

        if (AnySealed(op.Mm, op.Start, op.Count))
        {
            End(Errno.EPERM);
            yield break;
        }

        RemoveRange(op.Mm, op.Start, op.Count);
        yield return Change.Needed;
    }

    private IEnumerable<Change> Brk(Op op)
    {
        ModelMm mm = _mms[op.Mm];
        long old = mm.BreakPage;
        End(Errno.None, old);
        if (op.Start < Window.HeapPage)
        {
            yield break;
        }

        bool isHole = op.Start < old && IsFree(op.Mm, op.Start, old - op.Start);
        if (isHole || AnySealed(op.Mm, op.Start, old - op.Start))
        {
            yield break;
        }

        // One page beyond the new break must be free too.
        if (op.Start > old && !IsFree(op.Mm, old, op.Start + 1 - old))
        {
            yield break;
        }

        _mms[op.Mm] = mm with { BreakPage = op.Start };
        RemoveRange(op.Mm, op.Start, Math.Max(0, old - op.Start));
        foreach (long page in Range(old, op.Start - old))
        {
            _pages[(op.Mm, page)] = new ModelPage
            {
                Protection = Protection.Read | Protection.Write,
                Marks = mm.FutureLocks,
            };
        }

        yield return Change.Needed;
        End(Errno.None, op.Start);
    }
}
