using Verso.Engine.Images;
using Verso.Engine.Tests.Model;
using Xunit;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// A machine brought to a state by steps as text, every one of which must succeed; and what is counted then.
/// </summary>
internal sealed class Stage
{
    private readonly MachineDriver _driver;

    private Stage(MachineDriver driver) => _driver = driver;

    public Machine Machine => _driver.Machine;

    /// <summary>A machine of this design after these steps, separated by line ends or semicolons.</summary>
    public static Stage After(string design, string steps)
    {
        Stage stage = new(new MachineDriver(DesignCases.Named(design), new Scenario([])));
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

    /// <summary>Live objects of a type.</summary>
    public long Live(string type) => Machine.Ledger.Rows.Single(row => row.Name == type).Live;
}
