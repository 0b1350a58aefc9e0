using System.Diagnostics;
using System.Globalization;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Graph;

namespace Verso.Linux.Tests;

/// <summary>The kernel's VMAs and anon_vma graph, read from live processes.</summary>
public sealed class GraphReaderTests
{
    [Fact]
    public void AgreesWithMaps()
    {
        using var reader = Open();
        using var process = Sleeper();
        var image = reader.Read(process.Id);
        Assert.NotNull(image);
        var lines = File.ReadAllLines($"/proc/{process.Id}/maps")
            .Where(line => !line.EndsWith("[vsyscall]", StringComparison.Ordinal)).ToArray();
        Assert.Equal(lines.Length, image.Vmas.Count);
        var files = reader.Files.ToDictionary(file => file.File);
        foreach (var (line, vma) in lines.Zip(image.Vmas))
        {
            var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(fields[0], $"{vma.Start:x8}-{vma.End:x8}");
            Assert.Equal(fields[1][1] == 'w', vma.Flags.HasFlag(VmaFlags.Write));
            Assert.Equal(fields[1][3] == 's', vma.Flags.HasFlag(VmaFlags.MayShare));
            Assert.Equal(fields[4] != "0", !vma.File.IsNone);
            if (!vma.File.IsNone)
            {
                var file = files[vma.File];
                Assert.Equal(ulong.Parse(fields[2], NumberStyles.HexNumber, null), vma.Pgoff << 12);
                Assert.Equal(fields[4], file.Inode.ToString(CultureInfo.InvariantCulture));
                Assert.Equal(fields[5].Trim(), file.Path);
                Assert.Equal(fields[3], $"{file.Device >> 20:x2}:{file.Device & 0xfffff:x2}");
            }
        }
    }

    [Fact]
    public void TheGraphIsClosed()
    {
        using var reader = Open();
        using var process = Sleeper();
        var image = reader.Read(process.Id)!;
        var nodes = image.AnonVmas.ToDictionary(node => node.Id);
        Assert.Contains(image.Vmas, vma => vma.AnonVma != 0);
        Assert.All(image.Vmas, vma => Assert.True(vma.AnonVma == 0 ? vma.Chain.Count == 0 : vma.Chain[0] != 0));
        Assert.All(image.Vmas.Where(vma => vma.AnonVma != 0), vma => Assert.Contains(vma.AnonVma, vma.Chain));
        Assert.All(image.Vmas.SelectMany(vma => vma.Chain), id => Assert.Contains(id, nodes));
        Assert.All(nodes.Values, node => Assert.Contains(node.Root, nodes));
        Assert.All(nodes.Values, node => Assert.Contains(node.Parent, nodes));
        Assert.All(nodes.Values, node => Assert.True(node is { ChildCount: >= 0, ActiveVmaCount: >= 0, RefCount: > 0 }));
    }

    [Fact]
    public void WhatDidNotChangeIsTheSameObject()
    {
        using var reader = Open();
        using var process = Sleeper();
        using var target = reader.Watch(process.Id);
        Assert.NotNull(reader.Read(target));
        var first = reader.Read(target);
        Assert.Same(first, reader.Read(target));
    }

    [Fact]
    public void AProcessThatEndedIsGone()
    {
        using var reader = Open();
        using var process = Sleeper();
        using var target = reader.Watch(process.Id);
        Assert.NotNull(reader.Read(target));
        process.Kill();
        process.WaitForExit();
        Assert.Null(reader.Read(target));
        Assert.Null(reader.Read(process.Id));
    }

    [Fact]
    public void AllProcessesAreRead()
    {
        using var reader = Open();
        using var one = Sleeper();
        using var other = Sleeper();
        var all = reader.ReadAll();
        Assert.Equal(reader.Read(one.Id)!.Vmas, all[one.Id].Vmas, SameVma);
        Assert.Equal(reader.Read(other.Id)!.Vmas, all[other.Id].Vmas, SameVma);
        Assert.Contains(Environment.ProcessId, all.Keys);
        Assert.Equal(reader.ReadAll([one.Id, other.Id]).Keys.Order(), new[] { one.Id, other.Id }.Order());
    }

    internal static GraphReader Open(int chainEntries = 480)
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }

        return GraphReader.Open(chainEntries);
    }

    private static bool SameVma(VmaImage one, VmaImage other) =>
        one with { Chain = [] } == other with { Chain = [] } && one.Chain.SequenceEqual(other.Chain);

    private static SleepingProcess Sleeper() => new();

    private sealed class SleepingProcess : IDisposable
    {
        private readonly Process _process;

        internal SleepingProcess()
        {
            _process = Process.Start("/bin/sleep", ["1000"]);
            while (!File.ReadAllText($"/proc/{Id}/stat").Contains(") S ", StringComparison.Ordinal)
                || File.ReadAllText($"/proc/{Id}/comm") != "sleep\n")
            {
                Thread.Sleep(1);
            }
        }

        internal int Id => _process.Id;

        internal void Kill() => _process.Kill();

        internal void WaitForExit() => _process.WaitForExit();

        public void Dispose()
        {
            _process.Kill();
            _process.Dispose();
        }
    }
}
