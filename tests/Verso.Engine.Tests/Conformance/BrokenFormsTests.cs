using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// Published forms that break the specification, each with a smallest scenario that shows it: no step of it can be left
/// out, and the design as it stands by default passes it.
/// </summary>
public sealed class BrokenFormsTests
{
    public static TheoryData<string, string, string, string> Cases { get; } = new()
    {
        {
            "anonmm", "mremap=none", "walk missed",
            "map A 2 1 rw; write A 2 1; remap A 2 1 1 maymove fixed 10"
        },
        {
            "anon-vma", "mode=rfc2-as-posted", "walk missed",
            "map A 2 2 rw; write A 3 1; protect A 2 1 r-"
        },
        {
            "cow-context", "form=shared-swap-in", "walk missed",
            "map A 2 1 rw; write A 2 1; fork A B; swapout A 2; read B 2"
        },
        {
            "cow-context", "form=remapped-exclusive", "walk missed",
            "map A 2 1 rw; write A 2 1; remap A 2 1 1 maymove fixed 10"
        },
        {
            "cow-context", "form=offset-insert", "walk missed",
            "map A 2 1 rw; write A 2 1; remap A 2 1 1 maymove fixed 20; "
                + "map A 2 1 rw; write A 2 1; remap A 2 1 1 maymove fixed 10"
        },
        {
            "relocate-anon", "mode=must", "EFAULT",
            "map A 2 1 rw; write A 2 1; fork A B; remap A 2 1 1 maymove fixed 10"
        },
    };

    /// <summary>No broken form without a case here.</summary>
    [Fact]
    public void EveryBrokenFormIsShown() => Assert.Equal(
        Catalogue.Designs.SelectMany(entry => entry.Variants(Soundness.Broken)).Select(entry => entry.Facts.Name).Order(),
        Cases.Select(row => $"{row.Data.Item1}:{row.Data.Item2}").Order());

    [Theory]
    [MemberData(nameof(Cases))]
    public void BreaksAndNoShorter(string design, string option, string message, string steps)
    {
        string[] words = option.Split('=');
        Catalogue.Entry sound = DesignCases.Named(design);
        Catalogue.Entry broken = sound.With(words[0], words[1]);
        Assert.Contains(sound.Variants(Soundness.Broken), entry => entry.Facts.Name == broken.Facts.Name);
        Scenario scenario = Scenario.Parse(steps.Replace(';', '\n'));
        Assert.Contains(message, ScenarioRun.Run(broken, scenario)?.Message, StringComparison.Ordinal);
        DesignCases.AssertRuns(sound, scenario with { IsStrict = true });
        for (int at = 0; at < scenario.Ops.Count; at++)
        {
            Op[] rest = [.. scenario.Ops.Where((_, index) => index != at)];
            Failure? failure = ScenarioRun.Run(broken, scenario with { Ops = rest });
            Assert.True(failure is null, $"without {scenario.Ops[at]} it breaks too: {failure?.Message}");
        }
    }
}
