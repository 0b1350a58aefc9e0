using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Fidelity;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>Compares a machine with the kernel's state at each checkpoint, and keeps the score.</summary>
/// <param name="machine">It.</param>
/// <param name="openFiles">The files of the trace in it.</param>
/// <param name="differenceLimit">Differences that are kept with their details.</param>
/// <param name="history">What was done before; null: nobody remembers.</param>
internal sealed class CheckpointJudge(Machine machine, OpenFiles openFiles, int differenceLimit, History? history)
    : EventObserver
{
    /// <summary>Events told with a difference.</summary>
    private const int HistoryCount = 12;

    private readonly FidelityScope _scope =
        machine.Design.Name == ReferenceDesign.Name ? FidelityScope.Exact : FidelityScope.Ranges;

    private readonly FileMatcher _files = new(machine, openFiles.Identify);
    private readonly GraphMatcher _graph = new();
    private readonly FidelityScore _quiescent = new();
    private readonly FidelityScore _concurrent = new();
    private readonly SortedDictionary<DifferenceCauses, long> _causes = [];
    private readonly List<Difference> _differences = [];

    /// <summary>The differences that its last checkpoint had, so that a lasting one is told once.</summary>
    private readonly PerSpace<HashSet<(ulong Start, DifferenceCauses Causes)>> _known =
        new(parent => parent is null ? [] : [.. parent]);

    private long _distinct;
    private long _breakDifferences;

    /// <inheritdoc/>
    public override IReadOnlyList<TraceEventKind> Kinds { get; } =
        [TraceEventKind.Checkpoint, .. PerSpace<HashSet<(ulong, DifferenceCauses)>>.Kinds];

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        if (!outcome.Shown.IsNone)
        {
            Judge(outcome.Shown, position, step, (MmImage)step.Payload!);
        }
        else
        {
            _known.Follow(step);
        }

        return null;
    }

    /// <summary>Compares one address space with the kernel's image of it.</summary>
    private void Judge(MmId mm, long number, in TraceEvent e, MmImage kernels)
    {
        MmImage ours = machine.Capture(mm);
        FidelityScore score = e.Arg1 == 1 ? _quiescent : _concurrent;
        score.Checkpoints++;
        score.Ranges += RangeCoverage.Of(ours.Vmas, kernels.Vmas, _files);
        _breakDifferences += ours.Brk == kernels.Brk ? 0 : 1;
        List<VmaPair> pairs = Pair(ours.Vmas, kernels.Vmas);
        if (_scope == FidelityScope.Exact)
        {
            _graph.Match(ours, kernels, pairs, e.Arg1 == 1 ? CountComparison.All : CountComparison.None);
            score.GraphNodes += _graph.Nodes();
        }

        HashSet<(ulong Start, DifferenceCauses Causes)> present = [];
        foreach (VmaPair pair in pairs)
        {
            DifferenceCauses causes = Score(score, pair);
            if (causes != DifferenceCauses.None)
            {
                (VmaImage? our, VmaImage? kernel) = (pair.Ours, pair.Kernels);
                ulong start = (kernel ?? our)!.Start;
                present.Add((start, causes));
                Count(causes);
                if (_scope == FidelityScope.Exact && !_known[e.Mm].Contains((start, causes)))
                {
                    Keep(number, e, causes, DescribeOurs(ours, our), DescribeKernels(kernels, kernel));
                }
            }
        }

        _known[e.Mm] = present;
    }

    /// <summary>The score so far.</summary>
    /// <param name="verification">What else was checked; null: nothing.</param>
    public FidelityResult Result(StateVerification? verification) => new()
    {
        Quiescent = _quiescent,
        Concurrent = _concurrent,
        Scope = _scope,
        Causes = _causes,
        Differences = _differences,
        DistinctDifferences = _distinct,
        BreakDifferences = _breakDifferences,
        Violations = verification?.Violations ?? [],
        Verifications = verification?.Count ?? 0,
    };

    /// <summary>Both lists in step by start address: equal starts are a pair, others stand alone.</summary>
    private static List<VmaPair> Pair(IReadOnlyList<VmaImage> ours, IReadOnlyList<VmaImage> kernels)
    {
        List<VmaPair> pairs = new(Math.Max(ours.Count, kernels.Count));
        int left = 0;
        int right = 0;
        while (left < ours.Count || right < kernels.Count)
        {
            ulong ourStart = left < ours.Count ? ours[left].Start : ulong.MaxValue;
            ulong kernelStart = right < kernels.Count ? kernels[right].Start : ulong.MaxValue;
            bool isOurs = ourStart <= kernelStart;
            bool isKernels = kernelStart <= ourStart;
            pairs.Add(new VmaPair(
                isOurs ? ours[left] : null,
                isOurs ? left++ : -1,
                isKernels ? kernels[right] : null,
                isKernels ? right++ : -1));
        }

        return pairs;
    }

    private DifferenceCauses Score(FidelityScore score, VmaPair pair)
    {
        (VmaImage? ours, VmaImage? kernels) = (pair.Ours, pair.Kernels);
        DifferenceCauses causes = JudgeVma(ours, kernels);
        score.Vmas += new Agreement(causes == DifferenceCauses.None ? 1 : 0, 1);
        bool hasChain = ours is { Chain.Count: > 0 } or { AnonVma: not 0 }
            || kernels is { Chain.Count: > 0 } or { AnonVma: not 0 };
        if (_scope == FidelityScope.Exact && hasChain)
        {
            DifferenceCauses inGraph = pair.IsWhole ? _graph.Judge(pair) : DifferenceCauses.AnonVmaPresence;
            score.GraphVmas += new Agreement(inGraph == DifferenceCauses.None ? 1 : 0, 1);
            causes |= pair.IsWhole ? inGraph : 0;
        }

        return causes;
    }

    private DifferenceCauses JudgeVma(VmaImage? ours, VmaImage? kernels)
    {
        if (ours is null || kernels is null)
        {
            return ours is null ? DifferenceCauses.Missing : DifferenceCauses.Extra;
        }

        DifferenceCauses causes = ours.End == kernels.End ? 0 : DifferenceCauses.End;
        causes |= ((ours.Flags ^ kernels.Flags) & ComparedFlags.Mask) == 0 ? 0 : DifferenceCauses.Flags;
        causes |= ours.Pgoff == kernels.Pgoff ? 0 : DifferenceCauses.Pgoff;
        causes |= _files.AreSame(ours.File, kernels.File) ? 0 : DifferenceCauses.File;
        return causes;
    }

    private void Count(DifferenceCauses causes)
    {
        for (int bits = (int)causes; bits != 0; bits &= bits - 1)
        {
            DifferenceCauses single = (DifferenceCauses)(bits & -bits);
            _causes[single] = _causes.GetValueOrDefault(single) + 1;
        }
    }

    private void Keep(
        long number,
        in TraceEvent e,
        DifferenceCauses causes,
        VmaDescription? ours,
        VmaDescription? kernels)
    {
        _distinct++;
        if (_differences.Count == differenceLimit)
        {
            return;
        }

        ulong start = (kernels ?? ours)!.Vma.Start;
        ulong end = Math.Max(ours?.Vma.End ?? 0, kernels?.Vma.End ?? 0);
        TraceEvent checkpoint = e;
        checkpoint.Payload = null;
        _differences.Add(new Difference
        {
            EventNumber = number,
            Checkpoint = checkpoint,
            Start = start,
            Causes = causes,
            Ours = ours,
            Kernels = kernels,
            History = history?.Of(e.Mm).Touching(start, end, HistoryCount) ?? [],
        });
    }

    private VmaDescription? DescribeOurs(MmImage image, VmaImage? vma) => vma is null
        ? null
        : new VmaDescription(vma, _files.DescribeOurs(vma.File), GraphMatcher.NodesOf(image, vma));

    private VmaDescription? DescribeKernels(MmImage image, VmaImage? vma) => vma is null
        ? null
        : new VmaDescription(vma, _files.DescribeKernels(vma.File), GraphMatcher.NodesOf(image, vma));
}
