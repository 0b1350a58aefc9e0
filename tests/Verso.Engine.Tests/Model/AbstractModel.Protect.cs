namespace Verso.Engine.Tests.Model;

// mprotect, mbind.
internal sealed partial class AbstractModel
{
    private IEnumerable<Change> Protect(Op op)
    {
        List<long> becameWritable = [];
        foreach (long at in Range(op))
        {
            if (PageAt(op.Mm, at) is not ModelPage page)
            {
                End(Errno.ENOMEM);
                break;
            }

            if (IsDenied(page, op.Protection) || IsExecGain(op.Mm, page.Protection, op.Protection))
            {
                End(Errno.EACCES);
                break;
            }

            if (page.IsSealed)
            {
                End(Errno.EPERM);
                break;
            }

            ModelPage changed = page with { Protection = op.Protection };
            _pages[(op.Mm, at)] = changed;
            if (page.IsLocked && !page.CanWrite && changed.CanWrite)
            {
                becameWritable.Add(at);
            }

            yield return Change.Needed;
        }

        // A private page that is locked is copied as soon as it may be written, and not at the first write.
        if (becameWritable.Count > 0)
        {
            Populate(op.Mm, becameWritable);
            yield return Change.BestEffort;
        }
    }

    private static bool IsDenied(ModelPage page, Protection protection) =>
        page.IsShared && (protection & Protection.Write) != 0 && page.File != '-'
        && (Window.Files.Single(file => file.Letter == page.File).Modes & FileModes.Write) == 0;

    /// <summary>mbind: the default policy may be set over holes, another not.</summary>
    private IEnumerable<Change> SetPolicy(Op op)
    {
        bool anyHole = Range(op).Any(page => PageAt(op.Mm, page) is null);
        bool anyPage = Range(op).Any(page => PageAt(op.Mm, page) is not null);
        if (op.Count > 0 && (!anyPage || (anyHole && op.Value != 0)))
        {
            End(Errno.EFAULT);
            yield break;
        }

        foreach (long at in Range(op))
        {
            if (PageAt(op.Mm, at) is ModelPage page)
            {
                // mpol_new: MPOL_PREFERRED of no node is MPOL_LOCAL.
                _pages[(op.Mm, at)] = page with { Policy = op.Value == 1 ? 4 : op.Value };
                yield return Change.Needed;
            }
        }
    }
}
