namespace Verso.Engine.Tests.Model;

// Reads and writes, and what happens to files.
internal sealed partial class AbstractModel
{
    /// <summary>How an access must end.</summary>
    public FaultOutcome FaultOf(char mm, long at, FaultAccess access)
    {
        if (PageAt(mm, at) is not ModelPage page)
        {
            return FaultOutcome.MapError;
        }

        // Without read permission a page that may be written can be read all the same: x86 has no such bit.
        bool allowed = access == FaultAccess.Write ? page.CanWrite : page.Protection != Protection.None;
        return !allowed ? FaultOutcome.AccessError
            : page.IsGuard ? FaultOutcome.MapError
            : IsBus(page) ? FaultOutcome.Bus
            : FaultOutcome.Done;
    }

    private bool IsBus(ModelPage page) =>
        page.Own is null && !page.IsAnonymous && _objects[page.Behind].IsBeyondEnd(page.Offset);

    private IEnumerable<Change> Read(Op op, Outcome seen)
    {
        FaultOutcome fault = FaultOf(op.Mm, op.Start, FaultAccess.Read);
        Expected = new Outcome(Errno.None, Fault: fault);
        if (fault != FaultOutcome.Done)
        {
            yield break;
        }

        ModelPage page = PageAt(op.Mm, op.Start)!;
        byte behind = BehindOf(page);
        Expected = new Outcome(Errno.None, Byte: MayRead(page, seen.Byte) ? seen.Byte : page.Own ?? behind);

        // Once a page that MADV_FREE gave up has read 0, it stays 0.
        if (page.MayBeBehind && seen.Byte == behind && page.Own != behind)
        {
            _pages[(op.Mm, op.Start)] = page with { Own = null, MayBeBehind = false };
        }

        yield return Change.BestEffort;
    }

    private IEnumerable<Change> Write(Op op)
    {
        FaultOutcome fault = FaultOf(op.Mm, op.Start, FaultAccess.Write);
        Expected = new Outcome(Errno.None, Fault: fault);
        if (fault != FaultOutcome.Done)
        {
            yield break;
        }

        ModelPage page = PageAt(op.Mm, op.Start)!;
        if (page.IsShared)
        {
            _objects[page.Behind].Write(page.Offset, op.Value);
        }
        else
        {
            _pages[(op.Mm, op.Start)] = page with { Own = op.Value, MayBeBehind = false };
        }

        yield return Change.Needed;
    }

    /// <summary>ftruncate: private copies beyond the end are lost too.</summary>
    private IEnumerable<Change> Truncate(Op op)
    {
        int inode = Window.Files.Single(file => file.Letter == op.Mm).Inode;
        ModelObject contents = _objects[inode];
        contents.Truncate(op.Start);
        foreach (((char, long) key, ModelPage page) in _pages.ToArray())
        {
            if (page.Behind == inode && contents.IsBeyondEnd(page.Offset))
            {
                _pages[key] = page.Discarded();
            }
        }

        yield return Change.Needed;
    }

    /// <summary>A hole punched into a file: private copies stay.</summary>
    private IEnumerable<Change> Punch(Op op)
    {
        _objects[Window.Files.Single(file => file.Letter == op.Mm).Inode].Punch(op.Start, op.Count);
        yield return Change.Needed;
    }
}
