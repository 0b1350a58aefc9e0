using System.Diagnostics;
using System.Globalization;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Tests;

/// <summary>Snapshots of live processes, and what cannot be read.</summary>
public sealed class SnapshotTakerTests
{
    private static readonly string[] s_roots = ["", "unified", "pids", "memory", "cpu"];

    [Fact]
    public void AFamilySharesItsGraph()
    {
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("pages");
        _ = program.ReadLine();
        program.WriteLine();
        var child = int.Parse(program.ReadLine(), CultureInfo.InvariantCulture);
        var snapshot = SnapshotTaker.Take(reader, ProcessSelection.OfPids([child, program.Id, child]));
        Assert.Equal(new[] { program.Id, child }.Order(), snapshot.Processes.Select(process => process.Pid));
        Assert.All(snapshot.Processes, process => Assert.Equal("pages", process.Command));
        Assert.All(snapshot.Processes, process => Assert.Equal(GraphReading.Whole, process.Reading));
        var parents = snapshot.Processes.Single(process => process.Pid == program.Id).Image;
        var childs = snapshot.Processes.Single(process => process.Pid == child).Image;
        var own = parents.AnonVmas.Select(node => node.Id).ToHashSet();
        Assert.Contains(childs.AnonVmas, node => own.Contains(node.Root) && !own.Contains(node.Id));
        Assert.NotEqual(parents.Identity, childs.Identity);
        var mapped = parents.Vmas.Concat(childs.Vmas).Select(vma => vma.File).Where(file => !file.IsNone).Distinct();
        Assert.Equal(mapped.OrderBy(file => file.Value), snapshot.Files.Select(file => file.File));
        Assert.Contains(snapshot.Files, file => file.Path.EndsWith("/pages", StringComparison.Ordinal));
    }

    [Fact]
    public void AllHasEveryProcessThatHasMaps()
    {
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("pages");
        _ = program.ReadLine();
        var snapshot = SnapshotTaker.Take(reader, ProcessSelection.All);
        var pids = snapshot.Processes.Select(process => process.Pid).ToArray();
        Assert.Equal(pids.Order(), pids);
        Assert.Equal(pids.Distinct(), pids);
        Assert.Contains(program.Id, pids);
        Assert.Contains(Environment.ProcessId, pids);
        Assert.All(snapshot.Processes, process => Assert.NotEmpty(process.Image.Vmas));
    }

    /// <summary>Who does not ask for what is resident does not wait for /proc either.</summary>
    [Fact]
    public void WhatIsResidentIsReadWhereItIsAskedFor()
    {
        using var reader = GraphReaderTests.Open();
        var self = ProcessSelection.OfPids([Environment.ProcessId]);
        Assert.Null(Assert.Single(SnapshotTaker.Take(reader, self, SnapshotDetail.Graph).Processes).Memory);
        Assert.True(Assert.Single(SnapshotTaker.Take(reader, self).Processes).Memory!.AnonymousPages > 0);
    }

    [Fact]
    public void AControlGroup()
    {
        using var reader = GraphReaderTests.Open();
        // Version 2 is mounted there itself; of version 1 there is a folder a controller.
        var root = s_roots.FirstOrDefault(
            folder => File.Exists(Path.Join("/sys/fs/cgroup", folder, "cgroup.procs")));
        Assert.SkipWhen(root is null, "control groups are not mounted at /sys/fs/cgroup");
        var name = Path.Join(root, $"verso-test-{Environment.ProcessId}");
        var folder = Path.Join("/sys/fs/cgroup", name);
        try
        {
            Directory.CreateDirectory(Path.Join(folder, "below"));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"no control group can be made: {refused.Message}");
        }

        try
        {
            Assert.Throws<ProcessSelectionException>(() => ProcessSelection.OfCgroup(name));
            using var program = new DrivenProgram("pages");
            _ = program.ReadLine();
            File.WriteAllText(
                Path.Join(folder, "below", "cgroup.procs"), program.Id.ToString(CultureInfo.InvariantCulture));
            var snapshot = SnapshotTaker.Take(reader, ProcessSelection.OfCgroup(name));
            Assert.Equal([program.Id], snapshot.Processes.Select(process => process.Pid));
            program.Kill();
        }
        finally
        {
            Directory.Delete(Path.Join(folder, "below"));
            Directory.Delete(folder);
        }
    }

    [Fact]
    public void WhoEndsBeforeTheReadingIsTold()
    {
        using var reader = GraphReaderTests.Open();
        using var stays = new DrivenProgram("pages");
        using var ends = new DrivenProgram("pages");
        _ = stays.ReadLine();
        _ = ends.ReadLine();
        var both = ProcessSelection.OfPids([stays.Id, ends.Id]);
        var one = ProcessSelection.OfPids([ends.Id]);
        ends.Kill();
        var snapshot = SnapshotTaker.Take(reader, both);
        Assert.Equal([ends.Id], snapshot.Ended);
        Assert.Equal([stays.Id], snapshot.Processes.Select(process => process.Pid));
        var refused = Assert.Throws<ProcessSelectionException>(() => SnapshotTaker.Take(reader, one));
        Assert.Contains("ended before it was read", refused.Message);
    }

    [Fact]
    public void WhatHasNoAddressSpaceIsRefused()
    {
        Assert.Contains("does not exist", Refusal(int.MaxValue));
        var thread = Process.GetProcessesByName("kthreadd").FirstOrDefault();
        if (thread is not null)
        {
            Assert.Contains("kernel thread", Refusal(thread.Id));
        }

        var task = Directory.EnumerateDirectories("/proc/self/task")
            .Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
            .First(tid => tid != Environment.ProcessId);
        Assert.Contains($"its process is {Environment.ProcessId}", Refusal(task));
        Assert.Throws<ProcessSelectionException>(() => ProcessSelection.OfCgroup("no/such/group"));
    }

    private static string Refusal(int pid) =>
        Assert.Throws<ProcessSelectionException>(() => ProcessSelection.OfPids([pid])).Message;
}
