using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Playing;

namespace Verso.Engine.Tests.Conformance;

/// <summary>How much is checked after each step.</summary>
internal enum Checking
{
    /// <summary>Results, state, audit and every walk.</summary>
    EveryStep = 0,

    /// <summary>Results and state; audit and walks at every eighth step and at the end.</summary>
    Often = 1,
}

/// <summary>Whether page tables that objects can fill again are dropped on the way.</summary>
internal enum TableDrops
{
    Never = 0,

    /// <summary>All of them, after every second step.</summary>
    Often = 1,
}

/// <summary>Whether it is asked between steps what keeps VMAs apart.</summary>
internal enum Verdicts
{
    NotAsked = 0,

    /// <summary>At every boundary of two VMAs, after every step.</summary>
    Asked = 1,
}

/// <summary>Whether the machine has somebody to tell of its locks.</summary>
internal enum LockLog
{
    /// <summary>Every lock is audited.</summary>
    Audited = 0,
    None = 1,
}

/// <summary>What went wrong, and at which step; -1 at the end.</summary>
internal sealed record Failure(int Step, string Message);

/// <summary>
/// Plays a scenario on a machine of one design and on the model, and compares them; and audits every lock that is taken.
/// </summary>
internal sealed class ScenarioRun
{
    private readonly Scenario _scenario;
    private readonly TableDrops _drops;
    private readonly EngineStage _driver;
    private readonly RunDigest _digest;
    private readonly LockAudit? _locks;
    private readonly ModelJudge _judge;
    private readonly ScenarioSource _source;
    private readonly Player<Op, ConformanceOutcome> _player;
    private Verdicts _verdicts;

    private ScenarioRun(
        Catalogue.Entry design,
        Scenario scenario,
        Checking checking,
        TableDrops drops,
        KernelRules? rules = null,
        LockLog locks = LockLog.Audited)
    {
        _scenario = scenario;
        _drops = drops;
        _driver = new EngineStage(design, scenario, rules);
        _digest = new RunDigest(_driver);
        _locks = locks == LockLog.Audited ? LockAudit.Of(_driver.Machine) : null;
        _judge = new ModelJudge(_driver, scenario);
        _source = new ScenarioSource(
            scenario.Ops, _judge, scenario.IsStrict ? ImpossibleSteps.End : ImpossibleSteps.PassedOver);
        _player = new Player<Op, ConformanceOutcome>(
            _source, new ConformanceStage(_driver), _digest, _judge, new MachineCheck(_driver.Machine, _source, checking, _locks));
    }

    /// <summary>Runs to the end; the first failure, or null.</summary>
    public static Failure? Run(
        Catalogue.Entry design,
        Scenario scenario,
        Checking checking = Checking.EveryStep,
        TableDrops drops = TableDrops.Never,
        KernelRules? rules = null) => new ScenarioRun(design, scenario, checking, drops, rules).RunAll();

    /// <summary>Runs to the end; everything that was seen as text.</summary>
    public static string Record(Catalogue.Entry design, Scenario scenario, Verdicts verdicts = Verdicts.NotAsked, LockLog locks = LockLog.Audited)
    {
        ScenarioRun run = new(design, scenario, Checking.Often, TableDrops.Never, null, locks) { _verdicts = verdicts };
        Failure? failure = run.RunAll();
        return failure is null ? run._digest.Text : failure.ToString();
    }

    private Failure? RunAll()
    {
        bool isOver = false;
        try
        {
            while (_player.Next())
            {
                if ((_player.Difference ?? DropTables()) is string difference)
                {
                    return new Failure(_source.At, difference);
                }

                AskVerdicts();
            }

            if (_source.Impossible is Op impossible)
            {
                return new Failure(_source.At, $"{impossible}: not possible here");
            }

            isOver = true;
            string? last = ReadEverything() ?? _driver.Machine.Audit() ?? _driver.Machine.VerifyWalks();
            _digest.NoteState();
            last ??= EndCheck.EndAll(_driver) ?? _locks?.CheckEnd();
            _digest.NoteCounts();
            return last is null ? null : new Failure(-1, last);
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            return new Failure(isOver ? -1 : _source.At, $"{broken.GetType().Name}: {broken.Message}\n{broken.StackTrace}");
        }
    }

    private void AskVerdicts()
    {
        foreach (MmId mm in _driver.Mms.Values.TakeWhile(_ => _verdicts == Verdicts.Asked))
        {
            foreach (VmaImage vma in _driver.Machine.Capture(mm).Vmas)
            {
                _ = _driver.Machine.VerdictsAt(mm, vma.End);
            }
        }
    }

    private string? DropTables()
    {
        if (_drops == TableDrops.Never || (_source.At & 1) == 0)
        {
            return null;
        }

        foreach (MmId mm in _driver.Mms.Values)
        {
            SyscallResult result = _driver.Machine.DropTables(mm, 0, Page.TaskSize);
            if (result.Errno != Errno.None)
            {
                return $"tables are not dropped: {result.Errno}";
            }
        }

        return new StateCheck(_driver, _judge.Model).Compare() ?? _driver.Machine.Audit();
    }

    /// <summary>Of larger units only one page was read, so of them stale frames are not known.</summary>
    private string? ReadEverything()
    {
        string? difference = EndReads.Compare(_driver, _judge.Model, out int unreadable);
        difference ??= new StateCheck(_driver, _judge.Model).Compare() is string state ? $"at the end: {state}" : null;
        return difference ?? (_scenario.PagesPerUnit == 1 ? StaleFramesCheck.Compare(_driver.Machine, unreadable) : null);
    }
}
