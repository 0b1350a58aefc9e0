using Verso.Engine.Images;
using Verso.Traces;

namespace Verso.Cli.Tests.Fuzz;

/// <summary>The fuzzer writes every kind of event that there is, so that readers take it.</summary>
/// <remarks>
/// Strategy: of each kind of event 200 random ones, each of a seed of its own, are written and read.
/// </remarks>
public sealed class FuzzEventTests
{
    private const int Tries = 200;

    private static readonly MmImage _image = Demo();

    public static TheoryData<TraceEventKind> Kinds => [.. FuzzInputs.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryKindIsWrittenAndRead(TraceEventKind kind)
    {
        TraceEvent first = new() { Kind = TraceEventKind.Attach, Mm = 1, Payload = _image };
        int read = 0;
        for (int seed = 0; seed < Tries; seed++)
        {
            TraceEvent made = new FuzzEvents(_image, 1, new Random(seed)).Make(kind);
            Assert.Equal(kind, made.Kind);
            read += IsRead([first, made]) ? 1 : 0;
        }

        Assert.InRange(read, Tries / 10, Tries);
    }

    private static bool IsRead(TraceEvent[] events)
    {
        const string Header = """
            {"version":1,"source":"test","command":"","kernel":"","machine":"x86_64","pageSizeBytes":4096,"overcommitMode":0,
            "maxMapCount":65530,"startUnixSeconds":0,"grade":0}
            """;
        byte[] file = RawFile.Join("VERSO", Header, RawFile.Encode(events), events.Length, "{}");
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        try
        {
            Assert.True(reader.TryRead(out _), "the first event");
            Assert.True(reader.TryRead(out TraceEvent e));
            Assert.Equal(events[1].Kind == TraceEventKind.CheckpointChange ? TraceEventKind.Checkpoint : events[1].Kind, e.Kind);
            return true;
        }
        catch (TraceFormatException refused)
        {
            Assert.Contains("expected", refused.Message);
            return false;
        }
    }

    private static MmImage Demo()
    {
        using TraceReader reader = TraceReader.Open(Path.Combine(CommandLine.Root, "examples/demo.verso"));
        while (reader.TryRead(out TraceEvent e))
        {
            if (e is { Kind: TraceEventKind.Checkpoint, Payload: MmImage image } && image.AnonVmas.Count > 4)
            {
                return image;
            }
        }

        throw new InvalidDataException("no checkpoint");
    }
}
