using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>
/// A trace whose "kernel" is an engine under chosen rules and limits: each verb does the call there and writes down
/// what it returned; a checkpoint is what that engine then holds.
/// </summary>
internal sealed class RecordedMachine
{
    internal const ulong Address = 0x10000000;

    private readonly List<TraceEvent> _events = [];
    private readonly TraceHeader _header;

    internal RecordedMachine(string kernel, MachineOptions? options = null)
    {
        options ??= new MachineOptions();
        _header = new TraceHeader { Source = "test", Kernel = kernel, MaxMapCount = options.MaxMapCount };
        Machine = ReferenceDesign.Choice.Entry.Create(options);
        Assert.Equal(Errno.None, Machine.CreateMm(out MmId mm).Errno);
        Mm = mm;
        _events.Add(new TraceEvent { Kind = TraceEventKind.Exec, Mm = 1, Payload = Machine.Capture(mm) });
    }

    internal Machine Machine { get; }

    internal MmId Mm { get; }

    private static ulong At(int page) => Address + ((ulong)page * Page.Size);

    private static ulong Bytes(int pages) => (ulong)pages * Page.Size;

    internal void Map(int page, int pages, Protection protection = Protection.Read | Protection.Write)
    {
        const MapFlags Flags = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;
        SyscallResult result = Machine.Mmap(Mm, new MmapRequest(At(page), Bytes(pages), protection, Flags));
        Add(TraceEventKind.Mmap, result.Raw, At(page), Bytes(pages), (ulong)protection, (ulong)Flags);
    }

    internal void Protect(int page, int pages, Protection protection) => Add(
        TraceEventKind.Mprotect,
        Machine.Mprotect(Mm, At(page), Bytes(pages), protection).Raw,
        At(page), Bytes(pages), (ulong)protection, ulong.MaxValue);

    internal void Advise(int page, int pages, Advice advice) => Add(
        TraceEventKind.Madvise,
        Machine.Madvise(Mm, At(page), Bytes(pages), advice).Raw,
        At(page), Bytes(pages), (ulong)advice);

    internal void Lock(int page, int pages) => Add(
        TraceEventKind.Mlock, Machine.Mlock(Mm, At(page), Bytes(pages), 0).Raw, At(page), Bytes(pages));

    internal void Write(int page)
    {
        Assert.Equal(FaultOutcome.Done, Machine.Fault(Mm, At(page), FaultAccess.Write));
        Add(TraceEventKind.Fault, 0, At(page), (ulong)TraceAccess.Write);
    }

    /// <summary>A call that the kernel refused though the engine would not; nothing changes.</summary>
    internal void Refused(TraceEventKind kind, Errno errno, params ulong[] arguments) =>
        Record(kind, -(long)errno, arguments);

    /// <summary>A call as the kernel would have it; the engine is not asked.</summary>
    internal void Record(TraceEventKind kind, long result, params ulong[] arguments) => Add(kind, result, arguments);

    internal void Checkpoint() => _events.Add(new TraceEvent
    {
        Kind = TraceEventKind.Checkpoint,
        Mm = 1,
        Arg1 = 1,
        Payload = Machine.Capture(Mm),
    });

    internal void Fork(int child) => Add(TraceEventKind.Fork, 0, (ulong)child);

    internal void WriteOf(int mm, int page) =>
        _events.Add(new TraceEvent { Kind = TraceEventKind.Fault, Mm = mm, Arg0 = At(page), Arg1 = (ulong)TraceAccess.Write });

    internal void Exit(int mm) => _events.Add(new TraceEvent { Kind = TraceEventKind.MmExit, Mm = mm });

    internal ReplayResult Replay(KernelRules? rules = null, DesignChoice? design = null)
    {
        string path = Path.GetTempFileName();
        try
        {
            Write(path);
            using TraceInput input = TraceInput.Open(path);
            ReplayOptions options = new() { Design = design ?? ReferenceDesign.Choice, Rules = rules, ProbeInterval = 1 };
            return DesignComparison.Replay(input, options, null, TestContext.Current.CancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private void Write(string path)
    {
        using FileStream file = File.Create(path);
        using TraceWriter writer = new(file, _header);
        foreach (TraceEvent e in _events)
        {
            writer.Write(e);
        }
    }

    private void Add(TraceEventKind kind, long result, params ulong[] arguments)
    {
        TraceEvent e = new() { Kind = kind, Mm = 1, Result = result };
        e.Arg0 = arguments.ElementAtOrDefault(0);
        e.Arg1 = arguments.ElementAtOrDefault(1);
        e.Arg2 = arguments.ElementAtOrDefault(2);
        e.Arg3 = arguments.ElementAtOrDefault(3);
        e.Arg4 = arguments.ElementAtOrDefault(4);
        _events.Add(e);
    }
}
