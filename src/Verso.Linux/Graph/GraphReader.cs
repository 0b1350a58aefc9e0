using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Linux.Interop;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Graph;

/// <summary>
/// Reads the VMAs and the anon_vma graph of live processes from the kernel, without stopping them. Not for several
/// threads at once.
/// </summary>
/// <remarks>
/// A file id in an image means the same open file (<c>struct file</c>) in every image of one reader:
/// <see cref="Files"/>. Ids of anon_vmas are kernel pointers; while an anon_vma lives its id stays. When it has ended
/// another may get its id: processes that come and go are for <see cref="SnapshotTaker"/>.
/// </remarks>
public sealed class GraphReader : IDisposable
{
    private const string Resource = "graph.bpf.o";
    private const string Purpose = "reading the kernel's reverse map";
    private const string Command = "verso ...";

    /// <summary>How often a target is read again if its VMAs changed meanwhile.</summary>
    private const int Attempts = 4;

    /// <summary>The kernel gives at most 8 pages a read, whole records.</summary>
    private const int BufferBytes = 64 << 10;

    /// <summary>How many entries of a chain one round gives: with their VMA they fit a read of the kernel's.</summary>
    private const int ChainEntries = 480;

    private readonly BpfProgram _program;
    private readonly int _chainEntries;
    private readonly nint _iterator;
    private readonly nint _holders;
    private readonly nint _counts;
    private readonly GraphAssembler _assembler = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private GraphTarget? _everything;
    private GraphTarget? _everybody;
    private GraphTarget? _counted;
    private int _order;

    private enum Pace
    {
        Plain,
        Parallel,
    }

    private GraphReader(BpfProgram program, int chainEntries)
    {
        _program = program;
        _chainEntries = chainEntries;
        _iterator = program.Program("read_graph");
        _holders = program.Program("read_holders");
        _counts = program.Program("read_counts");
    }

    /// <summary>Every open file that an image of this reader named, by ascending id.</summary>
    public IReadOnlyList<FileIdentity> Files => _assembler.Files.All;

    /// <summary>Why nothing can be read here, in one line; null if it can.</summary>
    public static string? Unavailable()
    {
        try
        {
            using var reader = Open();
            return null;
        }
        catch (GraphUnavailableException reason)
        {
            return reason.Message;
        }
    }

    /// <summary>Loads the program into the kernel.</summary>
    /// <exception cref="GraphUnavailableException">One line that says what is missing.</exception>
    public static GraphReader Open() => Open(ChainEntries);

    /// <summary>The same with shorter rounds.</summary>
    internal static GraphReader Open(int chainEntries)
    {
        Invariant.Require(chainEntries is > 0 and <= ChainEntries);
        try
        {
            BpfRequirements.Check(Purpose, Command);
            if (Environment.GetEnvironmentVariable("VERSO_BPF_LOG") is null)
            {
                _ = LibBpf.SetPrint(0);
            }

            var program = BpfProgram.Open(BpfRequirements.ReadObject(Resource));
            program.Variable<uint>("namespace_inode") = (uint)BpfRequirements.PidNamespace().Inode;
            program.Variable<uint>("chain_entries") = (uint)chainEntries;
            var error = program.Load();
            if (error == 0)
            {
                return new GraphReader(program, chainEntries);
            }

            program.Dispose();
            throw new BpfUnavailableException(
                $"the kernel refuses the graph's BPF program: {Marshal.GetPInvokeErrorMessage(error)}; "
                + "set VERSO_BPF_LOG=1 to see why");
        }
        catch (BpfUnavailableException reason)
        {
            throw new GraphUnavailableException(reason.Message, reason);
        }
        catch (DllNotFoundException missing)
        {
            throw new GraphUnavailableException("libbpf.so.1 is missing; install it: apt install libbpf1", missing);
        }
    }

    /// <summary>Makes an iterator for one process, so that each reading of it is cheaper.</summary>
    /// <param name="pid">A process id in this process's pid namespace; whether it exists only reading tells.</param>
    public GraphTarget Watch(int pid)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        return Link(pid, _iterator);
    }

    /// <summary>
    /// The address space of a process now; if nobody took its write lock since last time, as a rule the same object.
    /// Null: the process ended, or it is a kernel thread or a zombie, which have none.
    /// </summary>
    public MmImage? Read(GraphTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        for (var attempt = 1; ; attempt++)
        {
            var length = ReadFirst(target, out var isRepeated);
            if (isRepeated)
            {
                return target.LastImage;
            }

            var process = _assembler.Drafts.IsEmpty ? null : _assembler.Drafts[0].Finish();
            if (process is null || (target.StartTime != 0 && target.StartTime != process.StartNanoseconds))
            {
                return null;
            }

            target.StartTime = process.StartNanoseconds;
            if (process.Reading == GraphReading.Whole || attempt == Attempts)
            {
                Remember(target, process.Reading == GraphReading.Whole ? length : 0, process.Image);
                return process.Image;
            }
        }
    }

    /// <summary>The same for a process that is read once.</summary>
    public MmImage? Read(int pid)
    {
        using var target = Watch(pid);
        return Read(target);
    }

    /// <summary>Every process that has an address space, by process id.</summary>
    public IReadOnlyDictionary<int, MmImage> ReadAll() => ByPid(ReadProcesses());

    /// <summary>These processes, those that are left out excepted that ended or have no address space.</summary>
    public IReadOnlyDictionary<int, MmImage> ReadAll(IEnumerable<int> pids) => ByPid(ReadProcesses(pids));

    /// <summary>Every process that has an address space, by ascending process id, in one pass of the kernel.</summary>
    public IReadOnlyList<ProcessGraph> ReadProcesses() => [.. ReadOnce(null).Select(reading => reading.Process)];

    /// <summary>These processes, in their order; left out are those that ended or have no address space.</summary>
    public IReadOnlyList<ProcessGraph> ReadProcesses(IEnumerable<int> pids)
    {
        ArgumentNullException.ThrowIfNull(pids);
        return [.. ReadOnce([.. pids]).Select(reading => reading.Process)];
    }

    /// <summary>These processes, in their order; null: all, in one pass of the kernel.</summary>
    internal List<ProcessReading> ReadOnce(IReadOnlyList<int>? pids)
    {
        List<ProcessReading> found = [];
        if (pids is null)
        {
            _everything ??= Link(0, _iterator);
            _assembler.Begin();
            ReadRound(_everything, Pace.Parallel);
            ReadRestOfChains(_everything);
            foreach (var draft in _assembler.Drafts)
            {
                found.Add(draft.FinishReading(++_order));
            }

            _assembler.Trim();
        }

        foreach (var pid in pids ?? [])
        {
            using var target = Watch(pid);
            ReadInto(target);
            if (!_assembler.Drafts.IsEmpty)
            {
                found.Add(_assembler.Drafts[0].FinishReading(++_order));
            }
        }

        return found;
    }

    /// <summary>
    /// The processes that have so many VMAs or more: a look at every task, at no VMA, cheap enough for several times a
    /// second.
    /// </summary>
    public IReadOnlyList<VmaCount> ReadCounts(int least)
    {
        _counted ??= Link(0, _counts);
        _program.Variable<uint>("least_count") = (uint)Math.Max(least, 0);
        List<VmaCount> counts = [];
        ReadRecords<GraphCount>(_counted, record => counts.Add(new VmaCount(
            (int)new GraphHead(record.Head).Upper,
            record.StartTime,
            GraphAssembler.Text(record.Command),
            (int)record.MapCount)));
        return counts;
    }

    /// <summary>Who has which address space now, by process id: a look at every task, at no VMA.</summary>
    internal Dictionary<int, Holder> ReadHolders()
    {
        _everybody ??= Link(0, _holders);
        Dictionary<int, Holder> holders = [];
        ReadRecords<GraphHolder>(_everybody, holder => _ = holders.TryAdd(
            (int)new GraphHead(holder.Head).Upper,
            new Holder(holder.StartTime, holder.Mm, holder.Execs, holder.Sequence)));
        return holders;
    }

    /// <summary>
    /// One process, if nobody takes the write lock of its address space meanwhile: given up at the first sign that
    /// somebody does. Null: somebody did, it ended, or it has no address space.
    /// </summary>
    internal ProcessReading? ReadWhole(int pid)
    {
        using var target = Watch(pid);
        _assembler.Begin();
        var iterator = Iterate(target);
        try
        {
            for (var length = Fill(iterator, _buffer); length > 0; length = Fill(iterator, _buffer))
            {
                _assembler.Add(_buffer.AsSpan(0, length));
                if (_assembler.Drafts is [{ Reading: GraphReading.Changed }, ..])
                {
                    return null;
                }
            }
        }
        finally
        {
            _ = Libc.Close(iterator);
        }

        ReadRestOfChains(target);
        return _assembler.Drafts is [var draft, ..]
            && draft.FinishReading(++_order) is { Process.Reading: GraphReading.Whole } whole
                ? whole
                : null;
    }

    public void Dispose()
    {
        _everything?.Dispose();
        _everybody?.Dispose();
        _counted?.Dispose();
        _program.Dispose();
    }

    private static Dictionary<int, MmImage> ByPid(IReadOnlyList<ProcessGraph> processes) =>
        processes.ToDictionary(process => process.Pid, process => process.Image);

    // The bytes of a reading that fitted one buffer are kept: most readings find nothing changed.
    private void Remember(GraphTarget target, int length, MmImage image)
    {
        if (target.LastRecords.Length < length)
        {
            target.LastRecords = new byte[length + (length / 2)];
        }

        _buffer.AsSpan(0, length).CopyTo(target.LastRecords);
        target.LastLength = length;
        target.LastImage = image;
    }

    // Returns how many bytes the reading took if the buffer still holds all of it, else 0.
    private int ReadFirst(GraphTarget target, out bool isRepeated)
    {
        var iterator = Iterate(target);
        try
        {
            _assembler.Begin();
            var first = Fill(iterator, _buffer);
            var second = first > 0 && first <= BufferBytes / 2 ? Fill(iterator, _buffer.AsSpan(first)) : 0;
            isRepeated = first > 0 && second == 0 && first == target.LastLength
                && _buffer.AsSpan(0, first).SequenceEqual(target.LastRecords.AsSpan(0, first));
            if (isRepeated || first == 0)
            {
                return first;
            }

            _assembler.Add(_buffer.AsSpan(0, first + second));
            if (second == 0 && first <= BufferBytes / 2 && !_assembler.IsUnfinished)
            {
                return first;
            }

            Drain(iterator);
        }
        finally
        {
            _ = Libc.Close(iterator);
        }

        ReadRestOfChains(target);
        return 0;
    }

    private void ReadInto(GraphTarget target)
    {
        _assembler.Begin();
        ReadRound(target, Pace.Plain);
        ReadRestOfChains(target);
    }

    private void ReadRestOfChains(GraphTarget target)
    {
        for (var skip = _chainEntries; _assembler.IsUnfinished; skip += _chainEntries)
        {
            _assembler.Continue(skip);
            _program.Variable<ulong>("chain_skip") = (ulong)skip;
            try
            {
                ReadRound(target, Pace.Plain);
            }
            finally
            {
                _program.Variable<ulong>("chain_skip") = 0;
            }
        }
    }

    private void ReadRound(GraphTarget target, Pace pace)
    {
        var iterator = Iterate(target);
        try
        {
            if (pace == Pace.Parallel)
            {
                RecordPump.Run(buffer => Fill(iterator, buffer), records => _assembler.Add(records.Span));
            }
            else
            {
                Drain(iterator);
            }
        }
        finally
        {
            _ = Libc.Close(iterator);
        }
    }

    private void Drain(int iterator)
    {
        for (var length = Fill(iterator, _buffer); length > 0; length = Fill(iterator, _buffer))
        {
            _assembler.Add(_buffer.AsSpan(0, length));
        }
    }

    // Of a pass that has records of one kind only.
    private void ReadRecords<T>(GraphTarget target, Action<T> take)
        where T : unmanaged
    {
        var iterator = Iterate(target);
        try
        {
            for (var length = Fill(iterator, _buffer); length > 0; length = Fill(iterator, _buffer))
            {
                var records = MemoryMarshal.Cast<byte, T>(_buffer.AsSpan(0, length));
                Invariant.Require(records.Length * Marshal.SizeOf<T>() == length);
                foreach (var record in records)
                {
                    take(record);
                }
            }
        }
        finally
        {
            _ = Libc.Close(iterator);
        }
    }

    private int Iterate(GraphTarget target)
    {
        _program.Variable<ulong>("hidden_start") = target.Hidden.Start;
        _program.Variable<ulong>("hidden_end") = target.Hidden.End;
        var iterator = LibBpf.IteratorCreate(target.Descriptor);
        return iterator >= 0 ? iterator : throw Refused("an iterator", Marshal.GetLastPInvokeError());
    }

    private static unsafe int Fill(int iterator, Span<byte> target)
    {
        fixed (byte* buffer = target)
        {
            while (true)
            {
                var length = Libc.Read(iterator, buffer, (nuint)target.Length);
                if (length >= 0)
                {
                    return (int)length;
                }

                var error = Marshal.GetLastPInvokeError();
                if (error is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
                {
                    throw Refused("a reading", error);
                }
            }
        }
    }

    private static unsafe GraphTarget Link(int pid, nint program)
    {
        var info = new LibBpf.TaskLinkInfo { Pid = (uint)pid };
        var options = new LibBpf.IteratorOptions
        {
            Size = (nuint)sizeof(LibBpf.IteratorOptions),
            Info = &info,
            InfoLength = (uint)sizeof(LibBpf.TaskLinkInfo),
        };
        var link = LibBpf.ProgramAttachIterator(program, &options);
        return link != 0
            ? new GraphTarget(pid, link)
            : throw Refused("an iterator of VMAs", Marshal.GetLastPInvokeError());
    }

    private static GraphUnavailableException Refused(string what, int error) =>
        new($"the kernel refuses {what}: {Marshal.GetPInvokeErrorMessage(error)}");
}
