using System.Globalization;
using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>Which sequences are not continued.</summary>
internal enum Pruning
{
    /// <summary>Those that lead to a state which is known already.</summary>
    KnownStates = 0,

    /// <summary>All are.</summary>
    None = 1,
}

/// <summary>What is mapped before the first step, and the steps of each process; # is the byte that it writes.</summary>
internal sealed record SmallWorld(string Stage, IReadOnlyList<string> Letters)
{
    /// <summary>Private anonymous memory: pages 2 to 5, which move to 10 and 11.</summary>
    public static SmallWorld Anonymous { get; } = new(
        "map A 2 4 rw",
        [
            "write P 2 #",
            "write P 3 #",
            "read P 2",
            "exit P",
            "unmap P 3 1",
            "protect P 2 1 r-",
            "protect P 2 4 rw",
            "remap P 2 2 2 maymove fixed 10",
            "remap P 10 2 2 maymove fixed 2",
            "advise P 2 2 dontneed",
            "swapout P 2",
            "advise P 3 1 guardinstall",
            "advise P 3 1 guardremove",
            "map P 2 1 rw",
            "remap P 2 1 1 maymove fixed 5",
        ]);

    /// <summary>
    /// A private mapping of a file (2 to 4) and shared memory (6 and 7). The file's pages are in the page cache from the start,
    /// and nobody looks at them yet, so that each world begins alike.
    /// </summary>
    public static SmallWorld Files { get; } = new(
        "file A 2 3 rw f 1; read A 2; read A 3; read A 4; unmap A 2 3; file A 2 3 rw f 1; map A 6 2 rw shared",
        [
            "write P 2 #",
            "write P 3 #",
            "read P 3",
            "write P 6 #",
            "read P 6",
            "exit P",
            "unmap P 3 1",
            "protect P 2 1 r-",
            "protect P 2 3 rw",
            "remap P 2 2 2 maymove fixed 10",
            "remap P 10 2 2 maymove fixed 2",
            "remap P 6 2 2 maymove fixed 12",
            "advise P 2 3 dontneed",
            "advise P 6 1 remove",
            "swapout P 2",
            "file P 3 1 rw f 2",
        ]);
}

/// <summary>
/// Takes every sequence of a small alphabet of steps on a design, shortest first, and judges each state it meets.
/// </summary>
/// <remarks>
/// <code>
///   page     2   3   4   5        10  11
///          +---------------+    +-------+
///          | private, anon |    | moved |     up to 3 processes: A, B, C
///          +---------------+    +-------+
/// </code>
/// A sequence that leads to a state which a shorter one (or an earlier one as long) has led to is not continued: states
/// are the same if <see cref="ExploredWorld.Digest"/> is, with what the model expects there. Each step's result is
/// judged, and each state once. Children get the first free letter.
/// </remarks>
/// <param name="design">The design.</param>
/// <param name="world">What it begins with, and the steps.</param>
/// <param name="pruning">Whether that is so; else every sequence is continued.</param>
internal sealed class Explorer(Catalogue.Entry design, SmallWorld world, Pruning pruning = Pruning.KnownStates)
{
    private const string Processes = "ABC";

    private readonly EngineStage _driver = new(design, new Scenario([]));
    private readonly HashSet<UInt128> _known = [];
    private readonly Dictionary<char, Op[]> _steps =
        Processes.ToDictionary(process => process, process => StepsOf(process, world.Letters));
    private readonly Op[] _stage = [.. Scenario.Parse(world.Stage.Replace("; ", "\n", StringComparison.Ordinal)).Ops];

    /// <summary>Sequences taken.</summary>
    public int Sequences { get; private set; }

    /// <summary>Digests of all states, the first among them.</summary>
    public IReadOnlySet<UInt128> States => _known;

    /// <summary>The sequence that failed, the shortest there is; null if none did.</summary>
    public Scenario? Failing { get; private set; }

    /// <summary>What was wrong with it.</summary>
    public string? Message { get; private set; }

    /// <summary>Takes every sequence up to this length, until one fails.</summary>
    public void Run(int depth)
    {
        _known.Add(new ExploredWorld(_driver, _stage).Digest());
        List<Op[]> level = [[]];
        for (int length = 1; length <= depth && Failing is null; length++)
        {
            List<Op[]> next = [];
            foreach (Op[] path in level)
            {
                if (!Continue(path, next))
                {
                    break;
                }
            }

            level = next;
        }
    }

    /// <summary>Whether all went well.</summary>
    private bool Continue(Op[] path, List<Op[]> next)
    {
        ExploredWorld? reached = new(_driver, _stage.Concat(path));
        foreach (Op op in StepsIn(reached))
        {
            reached ??= new ExploredWorld(_driver, _stage.Concat(path));
            Op[] longer = [.. path, op];
            Sequences++;
            bool isNew = false;
            string? message = reached.Take(op);
            if (message is null && _known.Add(reached.Digest()))
            {
                isNew = true;
                message = reached.Judge() ?? reached.End();
            }

            if (isNew || pruning == Pruning.None)
            {
                next.Add(longer);
            }

            if (message is not null)
            {
                Failing = new Scenario([.. _stage, .. longer]);
                Message = message;
                return false;
            }

            reached = null;
        }

        return true;
    }

    private static Op[] StepsOf(char process, IReadOnlyList<string> letters)
    {
        string value = (process - 'A' + 1).ToString(CultureInfo.InvariantCulture);
        return
        [
            .. from letter in letters
               select OpText.Parse(letter.Replace('P', process).Replace("#", value, StringComparison.Ordinal)),
        ];
    }

    private List<Op> StepsIn(ExploredWorld reached)
    {
        List<Op> steps = [];
        int free = Processes.ToList().FindIndex(letter => !reached.IsLive(letter));
        foreach (char process in Processes.Where(reached.IsLive))
        {
            if (free >= 0)
            {
                steps.Add(new Op(OpKind.Fork, process) { Other = Processes[free] });
            }

            steps.AddRange(_steps[process]);
        }

        return steps;
    }
}
