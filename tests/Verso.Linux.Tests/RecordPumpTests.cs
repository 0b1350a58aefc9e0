using Verso.Linux.Graph;

namespace Verso.Linux.Tests;

/// <summary>What one thread reads another takes in, in order, whoever fails.</summary>
public sealed class RecordPumpTests
{
    private const int Many = 1000;

    [Fact]
    public void EverythingComesInOrder()
    {
        var given = 0;
        List<int> taken = [];
        RecordPump.Run(
            buffer => given == Many ? 0 : Give(buffer, given++),
            records => taken.Add(BitConverter.ToInt32(records.Span)));
        Assert.Equal(Enumerable.Range(0, Many), taken);
    }

    [Fact]
    public void ARefusalComesOutAfterWhatWasRead()
    {
        var given = 0;
        List<int> taken = [];
        var problem = Assert.Throws<GraphUnavailableException>(() => RecordPump.Run(
            buffer => given == 3 ? throw new GraphUnavailableException("refused") : Give(buffer, given++),
            records => taken.Add(BitConverter.ToInt32(records.Span))));
        Assert.Equal("refused", problem.Message);
        Assert.Equal([0, 1, 2], taken);
    }

    [Fact]
    public void WhoCannotTakeEndsTheReading()
    {
        var given = 0;
        Assert.Throws<InvalidOperationException>(() => RecordPump.Run(
            buffer => Give(buffer, given++), _ => throw new InvalidOperationException()));
        Assert.True(given < Many, $"{given} reads after the end");
    }

    private static int Give(Span<byte> buffer, int value)
    {
        BitConverter.TryWriteBytes(buffer, value);
        return sizeof(int);
    }
}
