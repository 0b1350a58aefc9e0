namespace Verso.Engine.Tests.Model;

// madvise.
internal sealed partial class AbstractModel
{
    private IEnumerable<Change> Advise(Op op)
    {
        if (op.Advice is Advice.PopulateRead or Advice.PopulateWrite)
        {
            return AdvisePopulate(op);
        }

        return AdvisePages(op);
    }

    private IEnumerable<Change> AdvisePages(Op op)
    {
        if (op.Advice == Advice.GuardInstall)
        {
            DoubtContents(op);
            yield return Change.Needed;
        }

        Errno holes = Errno.None;
        foreach (long at in Range(op))
        {
            if (PageAt(op.Mm, at) is not ModelPage page)
            {
                holes = Errno.ENOMEM;
                continue;
            }

            if (Refusal(page, op.Advice) is Errno refusal and not Errno.None)
            {
                End(refusal);
                yield break;
            }

            if (op.Advice == Advice.Remove)
            {
                _objects[page.Behind].Punch(page.Offset, 1);
            }

            _pages[(op.Mm, at)] = Advised(page, op.Advice);
            yield return Change.Needed;
        }

        End(holes);
    }

    /// <summary>Installing guards discards what is there, of a whole VMA, before it puts the first marker.</summary>
    private void DoubtContents(Op op)
    {
        foreach (long at in Range(op))
        {
            if (MayStopShort && PageAt(op.Mm, at) is ModelPage { Own: not null } page)
            {
                _pages[(op.Mm, at)] = page with { MayBeBehind = true };
            }
        }
    }

    private static Errno Refusal(ModelPage page, Advice advice)
    {
        bool isInvalid = advice switch
        {
            Advice.DontNeed or Advice.Cold => page.IsLocked,
            Advice.Free => page.IsLocked || !page.IsAnonymous,
            Advice.WipeOnFork => !page.IsAnonymous,
            Advice.GuardInstall => page.IsLocked,
            Advice.Remove => page.IsLocked || page.IsAnonymous,
            _ => false,
        };
        bool isDenied = advice == Advice.Remove && (!page.IsShared || IsDenied(page, Protection.Write));
        return IsKept(page, advice) ? Errno.EPERM : isInvalid ? Errno.EINVAL : isDenied ? Errno.EACCES : Errno.None;
    }

    private static ModelPage Advised(ModelPage page, Advice advice) => advice switch
    {
        Advice.DontNeed or Advice.DontNeedLocked => page.Discarded(),
        Advice.Free => page.Own is null ? page : page with { MayBeBehind = true },
        Advice.DontFork => page.With(PageMarks.DontFork),
        Advice.DoFork => page.Without(PageMarks.DontFork),
        Advice.WipeOnFork => page.With(PageMarks.WipeOnFork),
        Advice.KeepOnFork => page.Without(PageMarks.WipeOnFork),
        Advice.DontDump => page.With(PageMarks.DontDump),
        Advice.DoDump => page.Without(PageMarks.DontDump),
        Advice.Sequential => page.Without(PageMarks.Random).With(PageMarks.Sequential),
        Advice.Random => page.Without(PageMarks.Sequential).With(PageMarks.Random),
        Advice.Normal => page.Without(PageMarks.Sequential | PageMarks.Random),
        Advice.HugePage => page.Without(PageMarks.NoHugePage).With(PageMarks.HugePage),
        Advice.NoHugePage => page.Without(PageMarks.HugePage).With(PageMarks.NoHugePage),
        Advice.GuardInstall => page.Discarded().With(PageMarks.Guard),
        Advice.GuardRemove => page.Without(PageMarks.Guard),
        _ => page,
    };

    /// <summary>MADV_POPULATE_READ, _WRITE: stops at the first page it cannot have, and says why.</summary>
    private IEnumerable<Change> AdvisePopulate(Op op)
    {
        bool writes = op.Advice == Advice.PopulateWrite;
        foreach (long at in Range(op))
        {
            if (PageAt(op.Mm, at) is not ModelPage page)
            {
                End(Errno.ENOMEM);
                yield break;
            }

            Protection needed = writes ? Protection.Write : Protection.Read;
            if ((page.Protection & needed) == 0)
            {
                End(Errno.EINVAL);
                yield break;
            }

            if (page.IsGuard || IsBus(page))
            {
                End(Errno.EFAULT);
                yield break;
            }

            if (writes)
            {
                CopyPrivate(op.Mm, at, page);
                yield return Change.Needed;
            }
        }
    }
}
