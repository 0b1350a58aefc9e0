namespace Verso.Engine.Tests.Model;

// fork, sharing, exit, exec.
internal sealed partial class AbstractModel
{
    private IEnumerable<Change> Fork(Op op)
    {
        foreach (long at in PagesOf(op.Mm).ToArray())
        {
            ModelPage page = PageAt(op.Mm, at)!;
            if ((page.Marks & PageMarks.DontFork) == 0)
            {
                ModelPage inherited = (page.Marks & PageMarks.WipeOnFork) != 0 ? page.Emptied() : page;
                _pages[(op.Other, at)] = inherited.Without(PageMarks.Locks | PageMarks.LockUnknown);
            }
        }

        _mms[op.Other] = new ModelMm(1, _mms[op.Mm].BreakPage, PageMarks.None) { Denial = Inherited(op.Mm) };
        yield return Change.Needed;
    }

    private IEnumerable<Change> Share(Op op)
    {
        _mms[op.Mm] = _mms[op.Mm] with { Users = _mms[op.Mm].Users + 1 };
        yield return Change.Needed;
    }

    private IEnumerable<Change> Exit(Op op)
    {
        ModelMm mm = _mms[op.Mm];
        if (mm.Users > 1)
        {
            _mms[op.Mm] = mm with { Users = mm.Users - 1 };
        }
        else
        {
            Forget(op.Mm);
            _mms.Remove(op.Mm);
        }

        yield return Change.Needed;
    }

    private IEnumerable<Change> Exec(Op op)
    {
        if (_mms[op.Mm].Users > 1)
        {
            char left = Op.LeftBehind(op.Mm);
            _mms[left] = _mms[op.Mm] with { Users = _mms[op.Mm].Users - 1 };
            foreach (long at in PagesOf(op.Mm).ToArray())
            {
                _pages[(left, at)] = PageAt(op.Mm, at)!;
            }
        }

        Forget(op.Mm);
        _mms[op.Mm] = ModelMm.Fresh with { Denial = Inherited(op.Mm) };
        yield return Change.Needed;
    }

    private void Forget(char mm)
    {
        foreach (long at in PagesOf(mm).ToArray())
        {
            _pages.Remove((mm, at));
        }
    }
}
