using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Interop;
using Verso.Linux.Stacks;
using Verso.Traces;

namespace Verso.Linux.Recording;

/// <summary>
/// Where calls come from: takes their stacks from the ring that they have for themselves, unwinds them with what is
/// mapped then, and writes each frame once, before the first call that comes from it.
/// </summary>
/// <param name="sequencer">Where definitions go.</param>
/// <param name="ring">The stacks.</param>
internal sealed unsafe class CallStacks(Sequencer sequencer, RingReader ring) : RingReader.IHandler, IDisposable
{
    /// <summary>Stacks that wait for their call; those of calls that became no event are let go beyond these.</summary>
    private const int MostWaiting = 8192;

    /// <summary>Address spaces whose unwinding is prepared at once.</summary>
    private const int MostUnwinders = 128;

    /// <summary>Frames that are told apart; stacks with others are not known.</summary>
    private const int MostFrames = 1 << 20;

    /// <summary>Stacks that are taken from the ring at once: those after the one sought may stay there.</summary>
    private const int Batch = 16;

    /// <summary>Ways into the kernel that are remembered of an address space.</summary>
    private const int MostMemos = 1 << 14;

    private readonly Dictionary<uint, StackSample> _waiting = [];
    private readonly Dictionary<int, StackSpace> _spaces = [];
    private readonly Dictionary<int, FileIdentity> _files = [];
    private readonly Dictionary<(ulong Device, ulong Inode), int> _ofInode = [];
    private readonly Dictionary<(int Caller, CodePlace Place), int> _frames = [];
    private readonly HashSet<CodePlace> _places = [];
    private readonly CodeNames _names = new();
    private readonly List<(int Process, int Mm, ulong Address, int Frame)> _unnamed = [];
    private readonly Queue<(CodePlace Place, int Frame)> _toName = [];
    private int _unwinders;

    /// <summary>Calls whose stack was not kept: the ring was full, or the frames were too many.</summary>
    internal long Unknown { get; private set; }

    /// <summary>Calls whose stack is known.</summary>
    internal long Known { get; private set; }

    /// <summary>Frames that were told.</summary>
    internal int Frames => _frames.Count;

    public void Handle(byte* record, int lengthBytes)
    {
        ref readonly var stack = ref *(StackRecord*)record;
        _waiting[stack.Head.C] = new StackSample((StackRecord*)record);
        if (_waiting.Count > MostWaiting)
        {
            var oldest = unchecked(stack.Head.C - (MostWaiting / 2));
            foreach (var number in _waiting.Keys.Where(number => unchecked((int)(number - oldest)) < 0).ToList())
            {
                _waiting.Remove(number);
            }
        }
    }

    internal void OnFile(FileIdentity file)
    {
        _files[file.File.Value] = file;
        _ofInode.TryAdd((file.Device, file.Inode), file.File.Value);
    }

    internal void OnExec(int mm, MmImage image)
    {
        Forget(mm);
        var space = _spaces[mm] = new StackSpace(new CodeMap());
        foreach (var vma in image.Vmas.Where(vma => !vma.File.IsNone))
        {
            Map(space, vma.Start, vma.End, vma.File.Value, vma.Pgoff << Page.Shift, (vma.Flags & VmaFlags.Exec) != 0);
        }
    }

    internal void OnFork(int parent, int child) =>
        _spaces[child] = new StackSpace(_spaces.GetValueOrDefault(parent)?.Map.Copy() ?? new CodeMap());

    internal void OnMmExit(int mm)
    {
        NamePrograms(mm);
        Forget(mm);
    }

    /// <summary>A call returned: an mmap may have mapped code.</summary>
    internal void OnCall(in TraceEvent call)
    {
        if (call.Kind == TraceEventKind.Mmap && !call.IsRefused && call.Arg4 != 0)
        {
            var start = (ulong)call.Result;
            var end = start + ((call.Arg1 + Page.Size - 1) & ~((ulong)Page.Size - 1));
            var isExecutable = ((Protection)call.Arg2 & Protection.Exec) != 0;
            Map(SpaceOf(call.Mm), start, end, (int)call.Arg4, call.Arg5, isExecutable);
        }
    }

    /// <summary>The frame that a call comes from; 0 if it is not known.</summary>
    /// <param name="head">Of the call's record.</param>
    internal int Find(in RecordHead head)
    {
        while (head.C != 0 && !_waiting.ContainsKey(head.C) && ring.Read(this, Batch) > 0)
        {
        }

        var frame = head.C != 0 && _waiting.Remove(head.C, out var sample) ? FrameOf((int)head.Mm, sample) : 0;
        Unknown += frame == 0 ? 1 : 0;
        Known += frame == 0 ? 0 : 1;
        return frame;
    }

    /// <summary>
    /// Names one of the places in files that have no name yet. To read the symbols of a file may take longer than a
    /// program takes to fill the ring: that is for when nothing else is to be done.
    /// </summary>
    /// <returns>False: there was none.</returns>
    internal bool NameOne()
    {
        if (!_toName.TryDequeue(out var next))
        {
            return false;
        }

        if (_names.Of(_files[next.Place.File], next.Place.Offset) is string name)
        {
            WriteName(next.Frame, name);
        }

        return true;
    }

    /// <summary>Names what is left, and what the programs that are left have named.</summary>
    internal void Finish()
    {
        while (NameOne())
        {
        }

        foreach (var mm in _spaces.Keys)
        {
            NamePrograms(mm);
        }
    }

    public void Dispose()
    {
        foreach (var space in _spaces.Values)
        {
            space.Unwinder?.Dispose();
        }

        _spaces.Clear();
        _names.Dispose();
    }

    private int FrameOf(int mm, StackSample sample)
    {
        var space = SpaceOf(mm);
        if (space.Unwinder is null || space.Reported != space.Map.Generation)
        {
            Prepare(space);
        }

        if (space.Recall(sample) is int known)
        {
            return known;
        }

        var addresses = space.Unwinder!.Unwind(sample, out var reads);
        var frame = 0;
        for (var at = addresses.Length - 1; at >= 0; at--)
        {
            frame = FrameOf(mm, space, sample.Process, addresses[at], frame);
            if (frame == 0)
            {
                return 0;
            }
        }

        space.Remember(sample, reads, frame, MostMemos);
        return frame;
    }

    private int FrameOf(int mm, StackSpace space, int process, ulong address, int caller)
    {
        var place = PlaceOf(mm, space, address);
        ref var frame = ref CollectionsMarshal.GetValueRefOrAddDefault(_frames, (caller, place), out var isKnown);
        if (isKnown)
        {
            return frame;
        }

        if (_frames.Count > MostFrames)
        {
            _frames.Remove((caller, place));
            return 0;
        }

        frame = _frames.Count;
        Write(new TraceEvent
        {
            Kind = TraceEventKind.StackFrame,
            Mm = mm,
            Arg0 = (ulong)frame,
            Arg1 = (ulong)caller,
            Arg2 = (ulong)place.File,
            Arg3 = place.Offset,
        });
        if (_places.Add(place))
        {
            Name(place, process, frame);
        }

        return frame;
    }

    private CodePlace PlaceOf(int mm, StackSpace space, ulong address) =>
        space.Map.Find(address) is { } code && _names.Knows(code.File)
            ? new CodePlace(0, _ofInode[(code.File.Device, code.File.Inode)], address - code.Base)
            : new CodePlace(mm, 0, address);

    private void Name(CodePlace place, int process, int frame)
    {
        if (place.File == 0)
        {
            _unnamed.Add((process, place.Mm, place.Offset, frame));
        }
        else
        {
            _toName.Enqueue((place, frame));
        }
    }

    // Programs write the names of what they compile as they go, and some only at their end.
    private void NamePrograms(int mm)
    {
        foreach (var program in _unnamed.Where(each => each.Mm == mm).GroupBy(each => each.Process))
        {
            var map = PerfMap.Of(program.Key);
            foreach (var (_, _, address, frame) in program)
            {
                if (map.Find(address) is string name)
                {
                    WriteName(frame, name);
                }
            }
        }

        _unnamed.RemoveAll(each => each.Mm == mm);
    }

    private void WriteName(int frame, string name) =>
        Write(new TraceEvent { Kind = TraceEventKind.FrameName, Arg0 = (ulong)frame, Payload = name });

    private void Write(TraceEvent definition) => sequencer.WriteNow(ref definition);

    private void Map(StackSpace space, ulong start, ulong end, int file, ulong offset, bool isExecutable)
    {
        if (_files.TryGetValue(file, out var identity))
        {
            space.Map.Add(start, end, identity, offset, isExecutable);
        }
    }

    private StackSpace SpaceOf(int mm)
    {
        ref var space = ref CollectionsMarshal.GetValueRefOrAddDefault(_spaces, mm, out _);
        return space ??= new StackSpace(new CodeMap());
    }

    private void Prepare(StackSpace space)
    {
        if (space.Unwinder is null && _unwinders++ >= MostUnwinders)
        {
            foreach (var other in _spaces.Values)
            {
                other.Forget();
            }

            _unwinders = 1;
        }

        space.Prepare(_names);
    }

    private void Forget(int mm)
    {
        if (_spaces.Remove(mm, out var space))
        {
            _unwinders -= space.Unwinder is null ? 0 : 1;
            space.Forget();
        }
    }

    /// <summary>Where code is: in a file (its number), or at an address of an address space.</summary>
    private readonly record struct CodePlace(int Mm, int File, ulong Offset);
}
