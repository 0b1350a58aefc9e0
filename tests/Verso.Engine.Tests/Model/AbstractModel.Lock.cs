namespace Verso.Engine.Tests.Model;

// mlock, munlock, mlockall, munlockall, and population.
internal sealed partial class AbstractModel
{
    private IEnumerable<Change> Lock(Op op)
    {
        PageMarks locks = PageMarks.Locked | (op.Has(OpWords.OnFault) ? PageMarks.LockedOnFault : 0);
        foreach (long at in Range(op))
        {
            if (PageAt(op.Mm, at) is not ModelPage page)
            {
                End(Errno.ENOMEM);
                yield break;
            }

            SetLocks(op.Mm, at, page, locks);
            yield return Change.Needed;
        }

        foreach (long at in Range(op))
        {
            ModelPage page = PageAt(op.Mm, at)!;
            if (op.Has(OpWords.OnFault))
            {
                yield break;
            }

            if (!CanPopulate(page))
            {
                End(Errno.ENOMEM);
                yield break;
            }

            PopulatePage(op.Mm, at, page);
            yield return Change.Needed;
        }
    }

    private IEnumerable<Change> Unlock(Op op)
    {
        foreach (long at in Range(op))
        {
            if (PageAt(op.Mm, at) is not ModelPage page)
            {
                End(Errno.ENOMEM);
                yield break;
            }

            SetLocks(op.Mm, at, page, PageMarks.None);
            yield return Change.Needed;
        }
    }

    private IEnumerable<Change> LockAll(Op op)
    {
        if (!op.Has(OpWords.Current) && !op.Has(OpWords.Future))
        {
            End(Errno.EINVAL);
            yield break;
        }

        PageMarks locks = PageMarks.Locked | (op.Has(OpWords.OnFault) ? PageMarks.LockedOnFault : 0);
        _mms[op.Mm] = _mms[op.Mm] with { FutureLocks = op.Has(OpWords.Future) ? locks : PageMarks.None };
        yield return Change.Needed;
        if (!op.Has(OpWords.Current))
        {
            yield break;
        }

        long[] pages = PagesOf(op.Mm).ToArray();
        foreach (long at in pages)
        {
            SetLocks(op.Mm, at, PageAt(op.Mm, at)!, locks | Doubt);
            yield return Change.BestEffort;
        }

        Populate(op.Mm, pages);
        yield return Change.BestEffort;
    }

    private IEnumerable<Change> UnlockAll(Op op)
    {
        _mms[op.Mm] = _mms[op.Mm] with { FutureLocks = PageMarks.None };
        yield return Change.Needed;
        foreach (long at in PagesOf(op.Mm).ToArray())
        {
            SetLocks(op.Mm, at, PageAt(op.Mm, at)!, Doubt);
            yield return Change.BestEffort;
        }
    }

    private PageMarks Doubt => MayStopShort ? PageMarks.LockUnknown : PageMarks.None;

    private void SetLocks(char mm, long at, ModelPage page, PageMarks locks) =>
        _pages[(mm, at)] = page.Without(PageMarks.Locks | PageMarks.LockUnknown).With(locks);

    /// <summary>
    /// mm_populate where nobody hears of errors: a VMA is left at its first bad page, and the next one is tried. The
    /// model does not know where VMAs end, so after a bad page it is open whether the following ones were reached.
    /// </summary>
    private void Populate(char mm, IEnumerable<long> pages)
    {
        ModelPage? before = null;
        long beforeAt = 0;
        bool inDoubt = false;
        foreach (long at in pages)
        {
            ModelPage page = PageAt(mm, at)!;
            bool sameVma = before is not null && at == beforeAt + 1 && before.MayContinueIn(page);
            inDoubt &= sameVma;
            before = page;
            beforeAt = at;
            if (page.IsLockedOnFault)
            {
                continue;
            }

            if (!CanPopulate(page))
            {
                inDoubt = true;
            }
            else if (inDoubt || MayStopShort)
            {
                bool copies = page.CanWrite && !page.IsShared && !page.IsAnonymous && page.Own is null;
                _pages[(mm, at)] = copies ? page with { Own = BehindOf(page), MayBeBehind = true } : page;
            }
            else
            {
                PopulatePage(mm, at, page);
            }
        }
    }

    private bool CanPopulate(ModelPage page) =>
        page.Protection != Protection.None && !page.IsGuard && !IsBus(page);

    /// <summary>Population writes to private pages that may be written, and only reads others.</summary>
    private void PopulatePage(char mm, long at, ModelPage page)
    {
        if (page.CanWrite)
        {
            CopyPrivate(mm, at, page);
        }
    }

    /// <summary>A private page of a file gets its own copy, if it has none.</summary>
    private void CopyPrivate(char mm, long at, ModelPage page)
    {
        if (page.IsShared || page.IsAnonymous)
        {
            return;
        }

        if (page.Own is null || page.MayBeBehind)
        {
            bool known = page.Own is null || page.Own == BehindOf(page);
            _pages[(mm, at)] = known ? page with { Own = BehindOf(page), MayBeBehind = false } : page;
        }
    }
}
