using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces;

namespace Verso.Lab.Replay;

// Faults, population, files that change, checkpoints.
internal sealed partial class TraceStage
{
    private EventOutcome OnFault(in TraceEvent e)
    {
        Space space = SpaceOf(e.Mm);
        FaultOutcome outcome = _machine.Fault(space.Mm, e.Arg0, AccessOf(e.Arg1), (PrepareOutcome)e.Arg2);
        _tally.Faults[(int)outcome]++;
        return new EventOutcome(outcome == FaultOutcome.Done ? space.Mm : default);
    }

    private static FaultAccess AccessOf(ulong recorded)
    {
        TraceAccess access = (TraceAccess)recorded;
        return (access & TraceAccess.Write) != 0 ? FaultAccess.Write
            : (access & TraceAccess.Execute) != 0 ? FaultAccess.Execute : FaultAccess.Read;
    }

    /// <summary>
    /// Populates VMA by VMA: with the access that was recorded, or, where mlock chose, with what it chooses.
    /// </summary>
    private void OnPopulate(in TraceEvent e)
    {
        MmId mm = SpaceOf(e.Mm).Mm;
        if (((TraceAccess)e.Arg2 & TraceAccess.Kernel) != 0)
        {
            _machine.PopulateAsLocked(mm, e.Arg0, e.Arg1);
        }
        else
        {
            Errno errno = _machine.Populate(mm, e.Arg0, e.Arg1, AccessOf(e.Arg2));
            _tally.PopulationsCutShort += errno == Errno.None ? 0 : 1;
        }
    }

    private void OnTruncate(in TraceEvent e)
    {
        FileId file = _files.Find(e.Arg0);
        if (e.Result < 0)
        {
            _calls.Refuse(e.Errno);
            return;
        }

        if (file.IsNone)
        {
            return;
        }

        _machine.Truncate(file, e.Arg1);
    }

    /// <summary>FALLOC_FL_*: what is punched or zeroed loses its contents; the others move the rest.</summary>
    private void OnFallocate(in TraceEvent e)
    {
        const ulong PunchHole = 0x02;
        const ulong CollapseRange = 0x08;
        const ulong ZeroRange = 0x10;
        const ulong InsertRange = 0x20;
        FileId file = _files.Find(e.Arg0);
        if (e.IsRefused)
        {
            _calls.Refuse(e.Errno);
            return;
        }

        if (file.IsNone || e.Arg3 == 0 || e.Arg2 + e.Arg3 < e.Arg2)
        {
            return;
        }

        if ((e.Arg1 & (CollapseRange | InsertRange)) != 0)
        {
            _machine.ShiftFile(file, e.Arg2);
        }
        else if ((e.Arg1 & (PunchHole | ZeroRange)) != 0)
        {
            _machine.PunchHole(file, e.Arg2, e.Arg3);
        }
    }

    private EventOutcome OnCheckpoint(in TraceEvent e)
    {
        Space? space = e.Payload is MmImage ? _spaces.Find(e.Mm) : null;
        _tally.UnknownSpaces += space is null ? 1 : 0;
        return new EventOutcome(space?.Mm ?? default);
    }

    /// <summary>
    /// What the program did is followed; for what the kernel did for its guard markers, the design has its own rule.
    /// </summary>
    private void OnPrepare(in TraceEvent e)
    {
        MmId mm = SpaceOf(e.Mm).Mm;
        var outcome = (PrepareOutcome)e.Arg1;
        Count((PrepareReason)e.Arg2 == PrepareReason.Guards
            ? _machine.PrepareForGuards(mm, e.Arg0, outcome)
            : _machine.Prepare(mm, e.Arg0, outcome));
    }
}
