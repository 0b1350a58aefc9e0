using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests;

/// <summary>What random verification is said to meet, it meets.</summary>
/// <remarks>
/// Strategy: random steps are taken by the engine alone, and what they come to is counted: a step or word that never
/// succeeds tests nothing.
/// </remarks>
public sealed class StepMixTests(ITestOutputHelper output)
{
    private const int Sequences = 400;
    private const int Steps = 100;

    /// <summary>No kernel knows the one, and no stack of this processor grows so.</summary>
    private const OpWords AlwaysRefused = OpWords.Unknown | OpWords.GrowsUp;

    [Fact]
    public void EverythingIsDoneAndMostlySucceeds()
    {
        Catalogue.Entry design = Catalogue.Find(ReferenceDesign.Name)!;
        StepMix mix = StepMix.Everything.WithNames();
        Dictionary<OpKind, int> done = [];
        Dictionary<OpKind, int> succeeded = [];
        OpWords met = OpWords.None;
        OpWords words = OpWords.None;
        int beyondMemlock = 0;
        int odd = 0;
        int oddSucceeded = 0;
        for (ulong seed = 1; seed <= Sequences; seed++)
        {
            EngineStage engine = new(design, new Scenario([]));
            OpGenerator generator = new(seed, engine, mix);
            for (int step = 0; step < Steps; step++)
            {
                Op op = generator.Next();
                Outcome outcome = engine.Do(op);
                bool isGood = outcome.Errno == Errno.None && outcome.Fault == FaultOutcome.Done;
                done[op.Kind] = done.GetValueOrDefault(op.Kind) + 1;
                succeeded[op.Kind] = succeeded.GetValueOrDefault(op.Kind) + (isGood ? 1 : 0);
                met |= op.Words;
                words |= isGood ? op.Words : OpWords.None;
                beyondMemlock += op.Kind is OpKind.Map or OpKind.Remap && outcome.Errno == Errno.EAGAIN ? 1 : 0;
                odd += op.Odd == default ? 0 : 1;
                oddSucceeded += op.Odd != default && isGood ? 1 : 0;
            }
        }

        output.WriteLine(string.Join(", ", done.Select(each => $"{each.Key} {succeeded[each.Key]} of {each.Value}")));
        output.WriteLine($"odd numbers of bytes: {oddSucceeded} of {odd}");
        Assert.All(
            mix.Weights,
            each => Assert.True(succeeded.GetValueOrDefault(each.Kind) > 0, $"{each.Kind} never succeeds"));
        Assert.Equal(AlwaysRefused, met & ~words);

        // What no kernel knows and a design may is for the conformance suite.
        Assert.All(Enum.GetValues<OpWords>().Except([OpWords.Relocate]), word => Assert.True(met.HasFlag(word), $"{word} was never said"));
        Assert.True(beyondMemlock > 0, "RLIMIT_MEMLOCK never refuses");
        Assert.True(oddSucceeded > 0 && oddSucceeded < odd, "some calls round, others refuse");
        Assert.True(succeeded.Values.Sum() * 2 > done.Values.Sum(), "most steps fail");
    }
}
