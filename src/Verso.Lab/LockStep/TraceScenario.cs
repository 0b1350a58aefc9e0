using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;
using Verso.Traces;

namespace Verso.Lab.LockStep;

/// <summary>
/// A recorded trace as a scenario: what real programs did, in pages, for processes that are not those programs. Both
/// sides get the same steps; how far these are what was recorded is not what is judged.
/// </summary>
/// <remarks>
/// What an exec built is mapped step by step; files are stand-ins in shared memory; where the kernel chose an address,
/// the step asks for that one; brk becomes mmap and munmap. A call that the kernel refused is a step too, for what it
/// leaves behind. Left out, and counted: huge pages, System V segments, advice that depends on the state of the
/// machine, calls that are no steps of scenarios, and of refused calls those that lack their arguments or would
/// populate memory without bounds where nothing refuses them.
/// </remarks>
public sealed partial class TraceScenario
{
    private const char FirstFile = 'Ā';
    private const char FirstMm = 'A';

    /// <summary>Files a process may have open, within the usual limit of 1,024 descriptors.</summary>
    private const int MostFiles = 900;

    /// <summary>Pages of one population that are touched.</summary>
    private const ulong MostPopulated = 16;

    private readonly Window _window = new(1);
    private readonly List<Op> _ops = [];
    private readonly List<WindowFile> _files = [];
    private readonly Dictionary<ulong, WindowFile> _fileOf = [];
    private readonly Dictionary<(ulong Device, ulong Inode), int> _inodes = [];
    private readonly Dictionary<int, char> _letters = [];
    private readonly Dictionary<char, ulong> _breaks = [];
    private readonly SortedSet<char> _free = [];
    private readonly Dictionary<int, Errno> _refused = [];
    private readonly SortedDictionary<TraceEventKind, long> _leftOut = [];
    private char _nextLetter = FirstMm;
    private byte _value;

    private TraceScenario()
    {
    }

    /// <summary>Reads a trace. Throws <see cref="InputException"/> if it is none, or damaged.</summary>
    /// <param name="input">The trace.</param>
    /// <param name="limit">Events that are read at most.</param>
    public static Scenario Read(TraceInput input, long limit) => input.Read((reader, _) =>
    {
        TraceScenario scenario = new();
        for (long at = 0; at < limit && reader.TryRead(out TraceEvent e); at++)
        {
            scenario.Add(e);
        }

        return new Scenario(scenario._ops)
        {
            Name = input.Name,
            Files = scenario._files,
            Compared = ComparedSpaces.Acting,
            Recording = new RecordedCalls(scenario._refused, scenario._leftOut),
        };
    });

    private void Add(in TraceEvent e)
    {
        switch (e.Kind)
        {
            case TraceEventKind.FileDefined when e.Payload is FileIdentity identity:
                Define(identity);
                break;
            case TraceEventKind.Exec or TraceEventKind.Attach when e.Payload is MmImage image:
                Begin(e.Mm, image);
                break;
            case TraceEventKind.Fork when _letters.TryGetValue(e.Mm, out char parent):
                char child = NewLetter((int)e.Arg0);
                _breaks[child] = _breaks[parent];
                _ops.Add(new Op(OpKind.Fork, parent) { Other = child });
                break;
            case TraceEventKind.MmExit when _letters.Remove(e.Mm, out char gone):
                _ops.Add(new Op(OpKind.Exit, gone));
                _free.Add(gone);
                break;
            case TraceEventKind.Truncate or TraceEventKind.Fallocate when e.Result < 0:
                LeaveOut(e.Kind);
                break;
            case TraceEventKind.Truncate when _fileOf.TryGetValue(e.Arg0, out WindowFile? file):
                _ops.Add(new Op(OpKind.Truncate, file.Letter) { Start = HalvesOf(e.Arg1) });
                break;
            default:
                if (_letters.TryGetValue(e.Mm, out char mm))
                {
                    AddStep(mm, e);
                }

                break;
        }
    }

    private void Define(FileIdentity identity)
    {
        if (_files.Count == MostFiles || identity.Kind is FileKind.HugeTlb or FileKind.Zero)
        {
            return;
        }

        (ulong, ulong) key = (identity.Device, identity.Inode);
        if (!_inodes.TryGetValue(key, out int inode))
        {
            inode = _inodes.Count + 1;
            _inodes.Add(key, inode);
        }

        WindowFile file = new(
            (char)(FirstFile + _files.Count),
            inode,
            FileKind.SharedMemory,
            HalvesOf(identity.SizeBytes),
            identity.Modes);
        _files.Add(file);
        _fileOf[(ulong)identity.File.Value] = file;
    }

    private void Begin(int id, MmImage image)
    {
        // The first process is there from the beginning.
        bool isFirst = _ops.Count == 0;
        char mm = NewLetter(id);
        if (!isFirst)
        {
            _ops.Add(new Op(OpKind.Begin, mm));
        }

        _breaks[mm] = image.Brk;
        foreach (VmaImage vma in image.Vmas.Where(vma => (vma.Flags & VmaFlags.Special) == 0))
        {
            AddVma(mm, vma);
        }
    }

    private void AddVma(char mm, VmaImage vma)
    {
        Protection protection = ((vma.Flags & VmaFlags.Read) != 0 ? Protection.Read : 0)
            | ((vma.Flags & VmaFlags.Write) != 0 ? Protection.Write : 0)
            | ((vma.Flags & VmaFlags.Exec) != 0 ? Protection.Exec : 0);
        bool hasFile = _fileOf.TryGetValue((ulong)vma.File.Value, out WindowFile? file);
        bool mustWrite = vma.AnonVma != 0;
        OpWords words = (vma.Flags & VmaFlags.MayShare) != 0 ? OpWords.Shared : OpWords.None;
        words |= (vma.Flags & VmaFlags.GrowsDown) != 0 ? OpWords.GrowsDown : OpWords.None;
        Op map = new(hasFile ? OpKind.File : OpKind.Map, mm)
        {
            Start = _window.PageOf(vma.Start),
            Count = (long)((vma.End - vma.Start) >> Page.Shift),
            Protection = mustWrite ? protection | Protection.Read | Protection.Write : protection,
            Words = words,
            Other = file?.Letter ?? '\0',
            Target = hasFile ? (long)vma.Pgoff : 0,
        };
        _ops.Add(map);
        if (mustWrite)
        {
            Write(mm, map.Start);
        }

        if (map.Protection != protection)
        {
            _ops.Add(new Op(OpKind.Protect, mm) { Start = map.Start, Count = map.Count, Protection = protection });
        }
    }

    private char NewLetter(int id)
    {
        char letter = _free.Count > 0 ? _free.Min : _nextLetter++;
        _free.Remove(letter);
        _letters[id] = letter;
        return letter;
    }

    private void LeaveOut(TraceEventKind kind) => _leftOut[kind] = _leftOut.GetValueOrDefault(kind) + 1;

    private void Write(char mm, long page) =>
        _ops.Add(new Op(OpKind.Write, mm) { Start = page, Value = (byte)(1 + (_value++ % 255)) });

    private static long HalvesOf(ulong bytes) => (long)((Math.Min(bytes, 1UL << 46) + Window.Half - 1) / Window.Half);
}
