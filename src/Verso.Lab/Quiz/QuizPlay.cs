using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;
using Verso.Lab.Words;

namespace Verso.Lab.Quiz;

/// <summary>A scenario as the engine played it, in the reference design, to be asked.</summary>
internal sealed class QuizPlay
{
    private readonly EngineStage _stage;
    private readonly List<(int Step, MergeTrial Trial)> _trials = [];
    private readonly Dictionary<ulong, char> _owners = [];

    /// <param name="lines">Steps. Requires: each is possible where it is.</param>
    public QuizPlay(IEnumerable<string> lines)
    {
        Scenario = Scenario.Parse(string.Join('\n', lines));
        Catalogue.Entry design = Catalogue.Find(ReferenceDesign.Name)
            ?? throw new InvalidOperationException("the reference design is not in the catalogue");
        _stage = new EngineStage(design, Scenario, KernelRules.Reference);
        int step = 0;
        _stage.Machine.MergeTried = trial => _trials.Add((step, trial));
        foreach (Op op in Scenario.Ops)
        {
            step++;
            Invariant.Require(_stage.IsPossible(op));
            _stage.Do(op);
            NoteOwners();
        }
    }

    public Scenario Scenario { get; }

    /// <summary>Letters of those that live.</summary>
    public IEnumerable<char> Mms => _stage.Mms.Keys;

    /// <summary>Every boundary that was tested, with the number of the step, from 1.</summary>
    public IReadOnlyList<(int Step, MergeTrial Trial)> Trials => _trials;

    public Window Window => _stage.Window;

    public MmImage Capture(char mm) => _stage.Capture(mm);

    public int VmaCount(char mm) => Capture(mm).Vmas.Count;

    /// <summary>Live objects of one type.</summary>
    public long Live(string type) => _stage.Machine.Ledger.Rows.Single(row => row.Name == type).Live;

    public PageView PageAt(char mm, long page) =>
        _stage.Machine.PageAt(_stage.Mms[mm], Window.AccessAddress(page));

    public WalkResult Walk(char mm, long page) => _stage.Machine.Walk(_stage.Mms[mm], Window.AccessAddress(page));

    /// <summary>The anon_vma that the frame of a page names; 0: none.</summary>
    public ulong Named(char mm, long page) =>
        PageAt(mm, page) is { Frame.IsNone: false } view ? (ulong)_stage.Machine.World.Frames[view.Frame].Mapping : 0;

    /// <summary>Who had an anon_vma as its own first.</summary>
    public char OwnerOf(ulong anonVma) => _owners[anonVma];

    /// <summary>The VMA of a page.</summary>
    public VmaImage VmaAt(char mm, long page)
    {
        ulong address = Window.Address(page);
        return Capture(mm).Vmas.Single(vma => vma.Start <= address && vma.End > address);
    }

    /// <summary>The processes whose VMAs have an anon_vma on their chains, once for each VMA.</summary>
    public IEnumerable<char> LinkedTo(ulong anonVma) =>
        Mms.SelectMany(mm => Capture(mm).Vmas.Where(vma => vma.Chain.Contains(anonVma)).Select(_ => mm));

    /// <summary>The processes that map the frame of a page.</summary>
    public IEnumerable<char> Mapping(char mm, long page)
    {
        Pfn frame = PageAt(mm, page).Frame;
        return Mms.Where(other => Enumerable.Range(0, Window.Pages).Any(at => PageAt(other, at).Frame == frame));
    }

    /// <summary>What became of each merge that was tried, a sentence each.</summary>
    public IEnumerable<string> Verdicts() => _trials.Select(each =>
        $"step {each.Step}, {Scenario.Ops[each.Step - 1]}: the merge with {Side(each.Trial)} "
        + (each.Trial.Verdict.CanMerge ? "passes" : $"is refused by {NameOf(each.Trial.Verdict.First)}"));

    /// <summary>As all reports name a test.</summary>
    public static string NameOf(MergeTests test) => Kebab.Of(test.ToString());

    /// <summary><c>A, B and C</c>.</summary>
    public static string Join(IEnumerable<char> letters)
    {
        string[] names = [.. letters.Select(letter => $"{letter}")];
        return names.Length < 2 ? string.Concat(names) : $"{string.Join(", ", names[..^1])} and {names[^1]}";
    }

    private static string Side(MergeTrial trial) => trial.Side switch
    {
        MergeSide.Lower => "the VMA below",
        MergeSide.Upper => "the VMA above",
        _ => "both sides at once",
    };

    private void NoteOwners()
    {
        foreach (char mm in Mms)
        {
            foreach (ulong own in Capture(mm).Vmas.Select(vma => vma.AnonVma).Where(own => own != 0))
            {
                _owners.TryAdd(own, mm);
            }
        }
    }
}
