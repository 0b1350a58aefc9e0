using System.Diagnostics;
using Verso.Linux.Counting;
using Verso.Linux.Graph;

namespace Verso.Linux.Tests;

/// <summary>Counts of VMAs, who is told of, and control groups.</summary>
public sealed class CountingTests
{
    [Fact]
    public void KernelAndProcCountAlike()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }

        using DrivenProgram program = new("climb", "5000", "5000", "0");
        Assert.Equal("from", program.ReadLine());
        Assert.Equal("to", program.ReadLine());
        using var reader = GraphReader.Open();
        var vmas = reader.Read(program.Id)!.Vmas.Count;
        foreach (var counter in (IVmaCounter[])[new KernelVmaCounter(reader), new ProcVmaCounter()])
        {
            var count = Assert.Single(counter.Read(5000, null), each => each.Pid == program.Id);
            Assert.Equal(("climb", vmas), (count.Command, count.Vmas));
            Assert.Single(counter.Read(5000, [program.Id]));
            Assert.DoesNotContain(counter.Read(50_000, null), each => each.Pid == program.Id);
        }

        program.WriteLine();
    }

    [Fact]
    public void OnceALevelAndAgainAfterFewer()
    {
        AlarmLevels levels = new(0.8);
        Assert.Equal(720, levels.Least(1000));
        (int Vmas, double? Told)[] steps =
            [(790, null), (800, 0.8), (850, null), (700, null), (810, 0.8), (910, 0.9), (820, null), (910, null), (999, 0.99)];
        long now = 0;
        foreach (var (vmas, told) in steps)
        {
            now += Stopwatch.Frequency;
            VmaCount[] counts = vmas >= 720 ? [new VmaCount(1, 2, "x", vmas)] : [];
            Assert.Equal(told, levels.Judge(counts, 1000, now).SingleOrDefault()?.Level);
        }
    }

    [Fact]
    public void GrowthIsOfASecond()
    {
        AlarmLevels levels = new(0.8);
        Assert.Null(Assert.Single(levels.Judge([new VmaCount(1, 2, "x", 800)], 1000, 1)).PerSecond);
        var alarm = Assert.Single(levels.Judge([new VmaCount(1, 2, "x", 900)], 1000, 1 + (2 * Stopwatch.Frequency)));
        Assert.Equal(50, alarm.PerSecond!.Value, 3);
    }

    [Theory]
    [InlineData("0::/system.slice/ssh.service\n", "/system.slice/ssh.service", "ssh.service")]
    [InlineData("0::/user.slice/user-0.slice/session-1.scope\n", "/user.slice/user-0.slice/session-1.scope", "session-1.scope")]
    [InlineData("4:memory:/x\n1:name=systemd:/a.slice/b.service/c\n0::/y\n", "/a.slice/b.service/c", "b.service")]
    [InlineData("0::/a.slice\n", "/a.slice", "a.slice")]
    [InlineData("0::/\n", "/", "")]
    [InlineData("", "", "")]
    public void GroupsAndUnits(string text, string path, string unit)
    {
        var group = ControlGroup.Parse(text);
        Assert.Equal((path, unit), (group.Path, group.Unit));
    }
}
