namespace Verso.Engine.Tests.Model;

// mremap.
internal sealed partial class AbstractModel
{
    private IEnumerable<Change> Remap(Op op, Outcome seen)
    {
        bool isFixed = op.Has(OpWords.Fixed);
        bool givesAddress = isFixed || op.Has(OpWords.DontUnmap);
        Errno refused = RefuseRemap(op, givesAddress, seen);
        if (refused != Errno.None)
        {
            End(refused);
            return [];
        }

        if (!givesAddress && op.NewCount <= op.Count)
        {
            return Shrink(op);
        }

        return givesAddress ? MoveTo(op, seen) : Grow(op, seen);
    }

    private Errno RefuseRemap(Op op, bool givesAddress, Outcome seen)
    {
        if (op.NewCount <= 0 || op.Count < 0 || op.Has(OpWords.Relocate))
        {
            return Errno.EINVAL;
        }

        bool overlaps = op.Start + op.Count > op.Target && op.Target + op.NewCount > op.Start;
        bool isHint = !op.Has(OpWords.Fixed) && !op.Has(OpWords.Hint);
        if (givesAddress && (!op.Has(OpWords.MayMove) || (overlaps && !isHint)
            || (op.Has(OpWords.DontUnmap) && op.Count != op.NewCount)))
        {
            return Errno.EINVAL;
        }

        if (PageAt(op.Mm, op.Start) is not ModelPage first)
        {
            return Errno.EFAULT;
        }

        if (first.IsSealed)
        {
            return Errno.EPERM;
        }

        if (!givesAddress && op.NewCount <= op.Count)
        {
            return Errno.None;
        }

        if (op.MovesSeveral)
        {
            return Errno.None;
        }

        if (op.Count == 0 && !first.IsShared)
        {
            return Errno.EINVAL;
        }

        return OneVma(op.Mm, op.Start, Math.Min(op.Count, op.NewCount)) switch
        {
            Certainty.No => Errno.EFAULT,
            Certainty.Unknown when seen.Errno == Errno.EFAULT => Errno.EFAULT,
            _ => Errno.None,
        };
    }

    /// <summary>Whether a range lies in one VMA.</summary>
    private Certainty OneVma(char mm, long start, long count)
    {
        ModelPage? before = null;
        foreach (long at in Range(start, count))
        {
            if (PageAt(mm, at) is not ModelPage page || (before is not null && !before.MayContinueIn(page)))
            {
                return Certainty.No;
            }

            before = page;
        }

        return count <= 1 ? Certainty.Yes : Certainty.Unknown;
    }

    private IEnumerable<Change> Shrink(Op op)
    {
        if (AnySealed(op.Mm, op.Start + op.NewCount, op.Count - op.NewCount))
        {
            End(Errno.EPERM);
            yield break;
        }

        RemoveRange(op.Mm, op.Start + op.NewCount, op.Count - op.NewCount);
        yield return Change.Needed;
        End(Errno.None, op.Start);
    }

    private IEnumerable<Change> Grow(Op op, Outcome seen)
    {
        long end = op.Start + op.Count;
        bool inPlace = op.Count > 0 && IsFree(op.Mm, end, op.NewCount - op.Count);
        if (!inPlace && !op.Has(OpWords.MayMove))
        {
            End(Errno.ENOMEM);
            yield break;
        }

        long target = inPlace ? op.Start : Search(op.Mm, op.NewCount, seen);
        if (!inPlace)
        {
            MoveRange(op, target);
        }

        Extend(op, target);
        yield return Change.Needed;
        if (PopulateExtension(op, target))
        {
            yield return Change.BestEffort;
        }

        End(Errno.None, target);
    }

    private IEnumerable<Change> MoveTo(Op op, Outcome seen)
    {
        if (op.MovesSeveral)
        {
            return MoveEach(op);
        }

        bool isFree = IsFree(op.Mm, op.Target, op.NewCount) && !_window.SearchAligns;
        bool isGiven = op.Has(OpWords.Fixed) || (op.Has(OpWords.Hint) && isFree);
        return MoveAndResize(op, isGiven ? op.Target : Search(op.Mm, op.NewCount, seen));
    }

    /// <summary>
    /// VMAs go one after the other, each to its own part of the target; holes between them leave theirs alone.
    /// </summary>
    private IEnumerable<Change> MoveEach(Op op)
    {
        foreach (long at in Range(op).Where(at => PageAt(op.Mm, at) is not null).ToArray())
        {
            // Several pages of one VMA go together, so a sealed target in their midst is not for this model.
            if (PageAt(op.Mm, at)!.IsSealed || PageAt(op.Mm, op.Target + at - op.Start) is { IsSealed: true })
            {
                End(Errno.EPERM);
                yield break;
            }

            MoveRange(op with { Start = at, Count = 1, NewCount = 1 }, op.Target + at - op.Start);
            yield return Change.Needed;
        }

        End(Errno.None, op.Target);
    }

    private IEnumerable<Change> MoveAndResize(Op op, long target)
    {
        if (AnySealed(op.Mm, target, op.NewCount))
        {
            End(Errno.EPERM);
            yield break;
        }

        RemoveRange(op.Mm, target, op.NewCount);
        yield return Change.Needed;
        if (op.NewCount < op.Count)
        {
            RemoveRange(op.Mm, op.Start + op.NewCount, op.Count - op.NewCount);
            yield return Change.Needed;
        }

        MoveRange(op, target);
        if (op.NewCount > op.Count)
        {
            Extend(op, target);
        }

        yield return Change.Needed;
        if (op.NewCount > op.Count && PopulateExtension(op, target))
        {
            yield return Change.BestEffort;
        }

        End(Errno.None, target);
    }

    /// <summary>Moves min(count, new count) pages; what stays with MREMAP_DONTUNMAP is empty.</summary>
    private void MoveRange(Op op, long target)
    {
        foreach (long at in Range(0, Math.Min(op.Count, op.NewCount)))
        {
            if (PageAt(op.Mm, op.Start + at) is not ModelPage page)
            {
                continue;
            }

            _pages[(op.Mm, target + at)] = page;
            if (!op.Has(OpWords.DontUnmap))
            {
                _pages.Remove((op.Mm, op.Start + at));
                continue;
            }

            _pages[(op.Mm, op.Start + at)] = page.Emptied().Without(PageMarks.Locks | PageMarks.LockUnknown);
            if (page.IsLocked)
            {
                // The VMA that was left may go on beyond the range, or be one with the moved pages.
                _pages[(op.Mm, target + at)] = page.With(PageMarks.LockUnknown);
                ForgetLocksAround(op, op.Start + at, page);
                ForgetLocksAround(op, target + at, page);
            }
        }
    }

    /// <summary>Pages outside the range, in the VMA of this one, may have lost their lock with it.</summary>
    private void ForgetLocksAround(Op op, long at, ModelPage page)
    {
        foreach (long step in new long[] { -1, 1 })
        {
            ModelPage near = page;
            for (long next = at + step; PageAt(op.Mm, next) is ModelPage other; next += step)
            {
                bool continues = step > 0 ? near.MayContinueIn(other) : other.MayContinueIn(near);
                if (!continues || (next >= op.Start && next < op.Start + op.Count))
                {
                    break;
                }

                _pages[(op.Mm, next)] = other.With(PageMarks.LockUnknown);
                near = other;
            }
        }
    }

    private void Extend(Op op, long target)
    {
        // With an old length of 0 the whole is new: a second mapping of shared memory.
        ModelPage last = op.Count > 0 ? PageAt(op.Mm, target + op.Count - 1)! : PageAt(op.Mm, op.Start)!;
        long lastAt = op.Count > 0 ? op.Count - 1 : 0;
        foreach (long at in Range(op.Count, op.NewCount - op.Count))
        {
            ModelPage page = last.Emptied();
            _pages[(op.Mm, target + at)] = page.IsAnonymous ? page : page with { Offset = last.Offset + at - lastAt };
        }
    }

    private bool PopulateExtension(Op op, long target)
    {
        bool isLocked = PageAt(op.Mm, target + op.NewCount - 1)!.IsLocked;
        if (isLocked)
        {
            Populate(op.Mm, Range(target + op.Count, op.NewCount - op.Count));
        }

        return isLocked;
    }

    private enum Certainty
    {
        No = 0,
        Unknown = 1,
        Yes = 2,
    }
}
