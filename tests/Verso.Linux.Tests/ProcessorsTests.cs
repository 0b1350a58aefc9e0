using Verso.Linux.Puppets;

namespace Verso.Linux.Tests;

public sealed class ProcessorsTests
{
    /// <summary>A theatre pins its thread: within, that one processor is all there is, as under taskset.</summary>
    [Fact]
    public void OnlyWhatTheMaskLeavesIsTaken()
    {
        Assert.SkipWhen(PuppetTheatre.Unavailable() is { }, "no puppets here");
        var last = Processors.Allowed()[^1];
        var (allowed, first, third) = PuppetTheatre.OnOwnThread(
            new TheatreOptions { Processor = last },
            _ => (Processors.Allowed(), Processors.For(0), Processors.For(2)));
        Assert.Equal([last], allowed);
        Assert.Equal((last, last), (first, third));
    }
}
