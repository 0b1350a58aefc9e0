namespace Verso.Engine.Tests.Model;

// mseal, PR_SET_MDWE.
internal sealed partial class AbstractModel
{
    /// <summary>mseal: all of the range, or nothing if there is a hole in it.</summary>
    private IEnumerable<Change> Seal(Op op)
    {
        if (Range(op).Any(at => PageAt(op.Mm, at) is null))
        {
            End(Errno.ENOMEM);
            yield break;
        }

        foreach (long at in Range(op))
        {
            _pages[(op.Mm, at)] = PageAt(op.Mm, at)!.With(PageMarks.Sealed);
            yield return Change.Needed;
        }
    }

    /// <summary>PR_SET_MDWE: cannot be taken back or changed.</summary>
    private IEnumerable<Change> DenyExec(Op op)
    {
        Denial wanted = op.Has(OpWords.NoInherit) ? Denial.Own : Denial.Inherited;
        ModelMm mm = _mms[op.Mm];
        if (mm.Denial != Denial.None && mm.Denial != wanted)
        {
            End(Errno.EPERM);
            yield break;
        }

        _mms[op.Mm] = mm with { Denial = wanted };
        yield return Change.Needed;
    }

    private Denial Inherited(char mm) =>
        _mms[mm].Denial == Denial.Inherited ? Denial.Inherited : Denial.None;

    private bool IsExecGain(char mm, Protection old, Protection wanted) =>
        _mms[mm].Denial != Denial.None
        && wanted.HasFlag(Protection.Exec)
        && (wanted.HasFlag(Protection.Write) || !old.HasFlag(Protection.Exec));

    private bool AnySealed(char mm, long start, long count) =>
        Range(start, count).Any(at => PageAt(mm, at) is { IsSealed: true });

    private static bool IsKept(ModelPage page, Advice advice) =>
        page.IsSealed && page.IsAnonymous && !page.CanWrite
        && advice is Advice.DontNeed or Advice.DontNeedLocked or Advice.Free or Advice.Remove or Advice.DontFork
            or Advice.WipeOnFork or Advice.GuardInstall;
}
