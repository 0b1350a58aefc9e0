using System.Runtime.CompilerServices;
using Verso.Engine.Images;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>
/// Events that were lost, doubled, disordered or made up are counted as differences; they never break an invariant.
/// The files' checksums are right, so that the damage reaches the engine.
/// </summary>
public sealed class DamagedTraceTests
{
    private const int Rounds = 600;

    /// <summary>Some damage only asks for much work: guard markers in 128 TiB. Such a replay is given up.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(Damage.Lost)]
    [InlineData(Damage.Doubled)]
    [InlineData(Damage.Displaced)]
    [InlineData(Damage.MadeUp)]
    public void NoInvariantBreaks(Damage damage)
    {
        int seed = RandomSeed.First;
        (TraceHeader header, List<TraceEvent> events) = Load("demo");
        for (int round = 0; round < Rounds; round++)
        {
            Random random = new(seed + round);
            List<TraceEvent> damaged = [.. events];
            for (int i = random.Next(1, 12); i > 0; i--)
            {
                Apply(damage, damaged, random);
            }

            DesignChoice design = DesignChoice.All[round % DesignChoice.All.Count];
            Replay(header, damaged, design, $"{damage}, seed {seed + round}, {design.Name}");
        }
    }

    public enum Damage
    {
        Lost,
        Doubled,
        Displaced,
        MadeUp,
    }

    private static void Replay(TraceHeader header, List<TraceEvent> events, DesignChoice design, string name)
    {
        MemoryStream file = new();
        using (TraceWriter writer = new(file, header))
        {
            events.ForEach(e => WriteIfSound(writer, e));
        }

        using CancellationTokenSource impatience = new(_patience);
        using TraceReader reader = TraceReader.Open(new MemoryStream(file.ToArray()));
        ReplayOptions options = new() { Design = design, Verification = Verification.AtCheckpoints };
        try
        {
            TraceReplay.Run(reader, options, impatience.Token);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e)
        {
            Assert.Fail($"{name}: {e}");
        }
    }

    /// <summary>What readers refuse by itself is no damage that reaches the engine.</summary>
    private static void WriteIfSound(TraceWriter writer, in TraceEvent e)
    {
        try
        {
            writer.Write(e);
        }
        catch (ArgumentException)
        {
        }
    }

    private static void Apply(Damage damage, List<TraceEvent> events, Random random)
    {
        int at = random.Next(events.Count);
        int other = random.Next(events.Count);
        switch (damage)
        {
            case Damage.Lost:
                events.RemoveAt(at);
                break;
            case Damage.Doubled:
                events.Insert(other, events[at]);
                break;
            case Damage.Displaced:
                (events[at], events[other]) = (events[other], events[at]);
                break;
            default:
                events[at] = Change(events[at], random);
                break;
        }
    }

    private static TraceEvent Change(TraceEvent e, Random random)
    {
        switch (random.Next(8))
        {
            case 0:
                e.Arg0 = Word(random);
                break;
            case 1:
                e.Arg1 = Word(random);
                break;
            case 2:
                (e.Arg2, e.Arg3) = (Word(random), Word(random));
                break;
            case 3:
                (e.Arg4, e.Arg5) = (Word(random), Word(random));
                break;
            case 4:
                e.Result = (long)Word(random);
                break;
            case 5:
                e.Mm = random.Next(9);
                break;
            case 6:
                e.Kind = (TraceEventKind)random.Next(70);
                e.Payload = null;
                break;
            default:
                e.Payload = e.Payload is MmImage image ? Change(image, random) : e.Payload;
                break;
        }

        return e;
    }

    /// <summary>Sound as an image, but not of this process.</summary>
    private static MmImage Change(MmImage image, Random random)
    {
        VmaImage[] vmas = [.. image.Vmas.Where(_ => random.Next(4) > 0)
            .Select(vma => random.Next(4) > 0 ? vma : vma with { Pgoff = Word(random), Flags = (Engine.Vmas.VmaFlags)Word(random) })];
        return image with
        {
            Vmas = vmas,
            Brk = random.Next(2) == 0 ? Word(random) : image.Brk,
            StartBrk = random.Next(2) == 0 ? Word(random) : image.StartBrk,
            MmapBase = random.Next(2) == 0 ? Word(random) : image.MmapBase,
            StackLimitBytes = random.Next(2) == 0 ? Word(random) : image.StackLimitBytes,
        };
    }

    private static ulong Word(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => (ulong)random.Next(300),
        2 => 0x7fff_f700_0000 + ((ulong)random.Next(1 << 13) << 12),
        3 => ulong.MaxValue - (ulong)random.Next(9000),
        4 => (ulong)random.NextInt64(),
        _ => 1UL << random.Next(64),
    };

    private static (TraceHeader Header, List<TraceEvent> Events) Load(string name, [CallerFilePath] string here = "")
    {
        string folder = Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "examples");
        using TraceReader reader = TraceReader.Open(Path.Combine(folder, name + ".verso"));
        List<TraceEvent> events = [];
        while (reader.TryRead(out TraceEvent e))
        {
            events.Add(e);
        }

        return (reader.Header, events);
    }
}
