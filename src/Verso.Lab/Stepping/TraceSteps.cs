using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Engine.Images;
using Verso.Lab.Comparison;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Stepping;

/// <summary>The events of a recording on a machine of one design.</summary>
internal sealed class TraceSteps : SteppedSource
{
    /// <summary>Pages that are looked at on each side of a fault, and at each end of a range.</summary>
    private const int PagesAround = 2;

    private readonly string _name;
    private readonly TraceReader _reader;
    private readonly PeekedEvents _events;
    private readonly TraceStage _stage;
    private readonly Player<TraceEvent, EventOutcome> _player;

    public TraceSteps(
        TraceInput input,
        DesignChoice design,
        KernelRules? rules,
        long memoryLimitBytes,
        CancellationToken cancellation)
    {
        _name = input.Name;
        _reader = Checked(() => input.OpenReader(out _));
        MachineOptions limits = new() { MemoryLimitBytes = memoryLimitBytes, Cancellation = cancellation };
        RulesChoice choice = RulesChoice.For(_reader.Header.Kernel, rules);
        _events = new PeekedEvents(_reader);
        _stage = new TraceStage(HostMachine.For(_reader.Header, design, choice, limits), _reader.Header);
        _player = new Player<TraceEvent, EventOutcome>(_events, _stage);
    }

    public override Machine Machine => _stage.Machine;

    public override IEnumerable<PlayedSpace> Spaces => _stage.Spaces;

    public override StepMarks Marks =>
        (_player.Step.Kind == TraceEventKind.Fork ? StepMarks.Fork : 0)
        | (_player.Step is { IsCall: true, IsRefused: true } ? StepMarks.Error : 0);

    public override bool Next() => Checked(_player.Next);

    public override StepFocus? Ahead()
    {
        TraceEvent e = default;
        return Checked(() => _events.TryPeek(out e)) ? new StepFocus(SpacesOf(e), PagesOf(e)) : null;
    }

    public override StepView Describe(StepView view) => view with
    {
        Event = _player.Step,
        Function = KernelFunctions.Of(_player.Step),
    };

    public override string NameOf(VmaImage vma) => vma.File.IsNone ? ""
        : _stage.Files.IdentifyOpened(vma.File) is { Path.Length: > 0 } known ? known.Path
        : "a file";

    public override IEnumerable<ulong> PagesOf(MmImage image, StepFocus focus)
    {
        int at = 0;
        foreach (ulong address in focus.Pages)
        {
            while (at < image.Vmas.Count && image.Vmas[at].End <= address)
            {
                at++;
            }

            if (at < image.Vmas.Count && image.Vmas[at].Start <= address)
            {
                yield return address;
            }
        }
    }

    public override void Dispose() => _reader.Dispose();

    private T Checked<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception problem) when (problem is TraceFormatException or MemoryLimitException)
        {
            throw new InputException(_name, problem);
        }
    }

    private static string[] SpacesOf(in TraceEvent e) => e.Kind switch
    {
        TraceEventKind.Fork or TraceEventKind.Exec => [$"{e.Mm}", $"{e.Arg0}"],
        _ => [$"{e.Mm}"],
    };

    private static ulong[] PagesOf(in TraceEvent e)
    {
        SortedSet<ulong> pages = [];
        if (e.Kind is TraceEventKind.Fault or TraceEventKind.Prepare or TraceEventKind.StackGrow)
        {
            ulong page = Page.AlignDown(e.Arg0);
            Add(pages, page - Math.Min(page, PagesAround * Page.Size), ((2 * PagesAround) + 1) * Page.Size);
        }
        else if (e.Kind == TraceEventKind.Populate || CallTable.Find(e.Call) is { HasRange: true })
        {
            AddEnds(pages, e.Arg0, e.Arg1);
        }

        if (CallTable.Find(e.Call) is { LengthOfResult: >= 0 } call && !e.IsRefused)
        {
            AddEnds(pages, (ulong)e.Result, e.Argument(call.LengthOfResult));
        }

        return [.. pages];
    }

    private static void AddEnds(SortedSet<ulong> pages, ulong start, ulong length)
    {
        const ulong End = PagesAround * Page.Size;
        Add(pages, Page.AlignDown(start), Math.Min(length, End));
        if (length > End && start + length > start)
        {
            Add(pages, Page.AlignUp(start + length) - End, End);
        }
    }

    private static void Add(SortedSet<ulong> pages, ulong start, ulong length)
    {
        for (ulong done = 0; done < length && start + done < Page.TaskSize; done += Page.Size)
        {
            pages.Add(start + done);
        }
    }

    /// <summary>Events one by one, the next of which can be seen before it is taken.</summary>
    private sealed class PeekedEvents(TraceReader reader) : ISource<TraceEvent>
    {
        private TraceEvent _next;
        private bool _hasNext;

        public int Ahead => 1;

        public bool TryPeek(out TraceEvent e)
        {
            _hasNext = _hasNext || reader.TryRead(out _next);
            e = _next;
            return _hasNext;
        }

        public int Read(Span<TraceEvent> steps)
        {
            if (!TryPeek(out steps[0]))
            {
                return 0;
            }

            _hasNext = false;
            return 1;
        }
    }
}
