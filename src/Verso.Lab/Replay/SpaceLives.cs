using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>Follows every address space of a trace to its end, and charges it what it costs.</summary>
/// <param name="machine">The machine, after each event.</param>
/// <param name="live">The address spaces that live in it.</param>
/// <param name="own">The reverse map's objects.</param>
internal sealed class SpaceLives(Machine machine, AddressSpaces live, Ledger.Row[] own)
{
    private readonly List<SpaceLife> _all = [];
    private readonly Dictionary<int, int> _current = [];
    private readonly Dictionary<FileId, string> _paths = [];

    /// <summary>Programs whose mms ended just before the exec that says what they became.</summary>
    private readonly Dictionary<int, int> _ended = [];
    private long _bytes;
    private long _ptes;
    private long _copied;

    /// <summary>All of them, in the order in which they began.</summary>
    public IReadOnlyList<SpaceLife> All => _all;

    /// <summary>An event was taken.</summary>
    public void Follow(long position, in TraceEvent e)
    {
        long bytes = own.Sum(row => row.Allocated * row.SizeBytes);
        long copied = machine.World.Counters.FaultCopied;
        long ptes = machine.World.Counters.PtesCopied;
        if (e.Kind == TraceEventKind.MmExit)
        {
            End(position, e.Mm);
        }
        else if (e.Payload is FileIdentity file)
        {
            _paths[file.File] = file.Path;
        }
        else if (ChargedBy(position, e) is SpaceLife charged)
        {
            charged.Events++;
            charged.OwnBytesAllocated += bytes - _bytes;
            charged.PtesCopied += ptes - _ptes;
            charged.FramesCopied += copied - _copied;
            int mm = charged.Mm;
            if (live.Find(mm) is Space space)
            {
                charged.VmasPeak = Math.Max(charged.VmasPeak, machine.World.Mms[space.Mm].Vmas.Count);
            }
        }

        (_bytes, _ptes, _copied) = (bytes, ptes, copied);
    }

    /// <summary>Whose an event is; null: nobody's.</summary>
    private SpaceLife? ChargedBy(long position, in TraceEvent e) => e.Kind switch
    {
        TraceEventKind.Fork => Begin(position, (int)e.Arg0, IndexOf(e.Mm), SpaceBeginning.Fork, null),
        TraceEventKind.Exec => Begin(position, e.Mm, IndexOf((int)e.Arg0), SpaceBeginning.Exec, e.Payload as MmImage),
        TraceEventKind.Attach => Begin(position, e.Mm, -1, SpaceBeginning.Attach, e.Payload as MmImage),
        _ when e.Mm != 0 && live.Find(e.Mm) is not null => At(position, e.Mm),
        _ => null,
    };

    private int IndexOf(int mm) => _current.TryGetValue(mm, out int index) ? index : _ended.GetValueOrDefault(mm, -1);

    private SpaceLife At(long position, int mm) => _current.TryGetValue(mm, out int index)
        ? _all[index]
        : Begin(position, mm, -1, SpaceBeginning.Unknown, null);

    private SpaceLife Begin(long position, int mm, int parent, SpaceBeginning beginning, MmImage? image)
    {
        End(position, mm);
        SpaceLife life = new()
        {
            Mm = mm,
            Parent = parent,
            Beginning = beginning,
            Program = image is null ? parent < 0 ? "" : _all[parent].Program : ProgramOf(image),
            FirstEvent = position,
        };
        _current[mm] = _all.Count;
        _ = _ended.Remove(mm);
        _all.Add(life);
        return life;
    }

    private void End(long position, int mm)
    {
        if (_current.Remove(mm, out int index))
        {
            _all[index].EndEvent = position;
            _ended[mm] = index;
        }
    }

    /// <summary>exec maps the program before its interpreter; its text is the lowest that may be executed.</summary>
    private string ProgramOf(MmImage image) => image.Vmas
        .Where(vma => (vma.Flags & VmaFlags.Exec) != 0 && !vma.File.IsNone)
        .Select(vma => _paths.GetValueOrDefault(vma.File, "")).FirstOrDefault() ?? "";
}
