using System.Runtime.CompilerServices;
using Verso.Engine;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>
/// Events that were lost, doubled, disordered or made up are counted as differences; they never break an invariant.
/// The files' checksums are right, so that the damage reaches the engine.
/// </summary>
/// <remarks>
/// Strategy: 1 to 11 events of a sound trace are lost, doubled, moved or invented at random, for each design.
/// VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class DamagedTraceTests
{
    private const int Rounds = 400;

    /// <summary>Some damage only asks for much: guard markers in 128 TiB. Such a replay is given up.</summary>
    private const long MemoryLimitBytes = 64L << 20;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(EventDamage.Lost)]
    [InlineData(EventDamage.Doubled)]
    [InlineData(EventDamage.Displaced)]
    [InlineData(EventDamage.MadeUp)]
    public void NoInvariantBreaks(EventDamage damage)
    {
        int seed = RandomSeed.First;
        (TraceHeader header, List<TraceEvent> events) = Load("demo");
        for (int round = 0; round < Rounds; round++)
        {
            Random random = new(seed + round);
            List<TraceEvent> damaged = [.. events];
            for (int i = random.Next(1, 12); i > 0; i--)
            {
                Damage.Events(damaged, damage, random);
            }

            DesignChoice design = DesignChoice.All[round % DesignChoice.All.Count];
            Replay(header, damaged, design, $"{damage}, seed {seed + round}, {design.Name}");
        }
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
        ReplayOptions options = new() { Design = design, Verification = Verification.AtCheckpoints, MemoryLimitBytes = MemoryLimitBytes };
        try
        {
            TraceReplay.Run(reader, options, impatience.Token);
        }
        catch (Exception givenUp) when (givenUp is OperationCanceledException or MemoryLimitException)
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
