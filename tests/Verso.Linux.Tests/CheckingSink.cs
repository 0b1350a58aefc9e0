using Verso.Engine.Images;
using Verso.Traces;

namespace Verso.Linux.Tests;

/// <summary>
/// Keeps events, and checks of each what holds in every recording: address spaces and files are defined before they
/// are used and end once, tasks start before they act, time does not step back, and images are well formed.
/// </summary>
internal sealed class CheckingSink : ITraceSink
{
    private readonly HashSet<int> _liveMms = [];
    private readonly HashSet<int> _endedMms = [];
    private readonly HashSet<int> _liveTasks = [];
    private readonly HashSet<int> _files = [0];
    private ulong _time;

    internal List<TraceEvent> Events { get; } = [];

    internal IReadOnlySet<int> LiveMms => _liveMms;

    internal IReadOnlySet<int> LiveTasks => _liveTasks;

    public void Write(in TraceEvent e)
    {
        Assert.True(e.Time >= _time, $"{e.Kind} steps back in time");
        _time = e.Time;
        Events.Add(e);
        switch (e.Kind)
        {
            case TraceEventKind.FileDefined:
                var file = Assert.IsType<FileIdentity>(e.Payload);
                Assert.True(_files.Add(file.File.Value), $"{file.File} is defined twice");
                break;
            case TraceEventKind.Exec:
                _liveTasks.Add(e.Task);
                Begin(e.Mm);
                break;
            case TraceEventKind.Fork:
                RequireLive(e.Mm, e.Kind);
                Begin((int)e.Arg0);
                break;
            case TraceEventKind.TaskStart:
                RequireLive(e.Mm, e.Kind);
                Assert.True(_liveTasks.Add((int)e.Arg0), $"task {e.Arg0} starts twice");
                break;
            case TraceEventKind.TaskExit:
                Assert.True(_liveTasks.Remove(e.Task), $"task {e.Task} ends without a start");
                break;
            case TraceEventKind.MmExit:
                RequireLive(e.Mm, e.Kind);
                _liveMms.Remove(e.Mm);
                _endedMms.Add(e.Mm);
                break;
            case TraceEventKind.Mmap:
                Assert.Contains((int)e.Arg4, _files);
                goto default;
            // Definitions stand before all that waits for its place.
            case TraceEventKind.Lost or TraceEventKind.FrameName or TraceEventKind.StackFrame:
                break;
            case TraceEventKind.Prepare or TraceEventKind.StackGrow:
            // Somebody outside may have done it.
            case TraceEventKind.NotFollowed:
                RequireLive(e.Mm, e.Kind);
                break;
            default:
                RequireLive(e.Mm, e.Kind);
                Assert.Contains(e.Task, _liveTasks);
                break;
        }

        if (e.Payload is MmImage image)
        {
            Check(image);
        }
    }

    private void Begin(int mm)
    {
        Assert.True(mm > 0 && !_endedMms.Contains(mm) && _liveMms.Add(mm), $"mm{mm} begins twice");
    }

    private void RequireLive(int mm, TraceEventKind kind) =>
        Assert.True(_liveMms.Contains(mm), $"{kind} on mm{mm}, which is not alive");

    private void Check(MmImage image)
    {
        var nodes = image.AnonVmas.ToDictionary(node => node.Id);
        var end = 0UL;
        Assert.NotEmpty(image.Vmas);
        foreach (var vma in image.Vmas)
        {
            Assert.True(vma.Start >= end && vma.End > vma.Start, $"{vma.Start:x}-{vma.End:x} after {end:x}");
            Assert.True(((vma.Start | vma.End) & 0xfff) == 0);
            end = vma.End;
            Assert.Contains(vma.File.Value, _files);
            Assert.Equal(vma.AnonVma != 0, vma.Chain.Count > 0);
            Assert.True(vma.AnonVma == 0 || vma.Chain.Contains(vma.AnonVma));
            Assert.Equal(vma.Chain.Count, vma.Chain.Distinct().Count());
            foreach (var id in vma.Chain)
            {
                // Whatever a chain names, its root and parents are in the same chain or were freed with all their VMAs.
                Assert.Equal(nodes[vma.Chain[^1]].Root, nodes[id].Root);
                Assert.Equal(nodes[id].Parent == id, nodes[id].Root == id);
            }
        }
    }
}
