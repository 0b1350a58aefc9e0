using Verso.Engine.Images;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// A machine brought to a state by steps as text, every one of which must succeed; and what is counted then.
/// </summary>
internal sealed class Stage
{
    private readonly EngineStage _driver;

    private Stage(EngineStage driver) => _driver = driver;

    public Machine Machine => _driver.Machine;

    /// <summary>A machine of this design after these steps, separated by line ends or semicolons.</summary>
    public static Stage After(string design, string steps, KernelRules? rules = null)
    {
        Scenario scenario = Scenario.Parse(steps.Replace(';', '\n'));
        Stage stage = new(new EngineStage(DesignCases.Named(design), scenario, rules));
        stage.Do(steps);
        return stage;
    }

    /// <summary>More steps.</summary>
    public void Do(string steps)
    {
        foreach (Op op in Scenario.Parse(steps.Replace(';', '\n')).Ops)
        {
            Outcome outcome = _driver.Do(op);
            Assert.True(outcome is { Errno: Errno.None, Fault: FaultOutcome.Done }, $"{op}: {outcome}");
        }

        Assert.Null(Machine.Audit());
        Assert.Null(Machine.VerifyWalks());
    }

    public MmId Mm(char letter) => _driver.Mms[letter];

    public IReadOnlyList<VmaImage> Vmas(char letter) => Machine.Capture(Mm(letter)).Vmas;

    /// <summary>How many VMAs an address space has.</summary>
    public int VmaCount(char letter) => Vmas(letter).Count;

    /// <summary>What a walk of the page mapped there looks at and finds.</summary>
    public (int Visited, int Useful) Walk(char letter, long page)
    {
        WalkResult walk = Machine.Walk(Mm(letter), _driver.Window.AccessAddress(page));
        return (walk.Visited, walk.Useful);
    }

    /// <summary>What a page reads.</summary>
    public byte Read(char letter, long page) =>
        _driver.Do(new Op(OpKind.Read, letter) { Start = page }).Byte;

    /// <summary>Live objects of a type.</summary>
    public long Live(string type) => Machine.Ledger.Rows.Single(row => row.Name == type).Live;
}
