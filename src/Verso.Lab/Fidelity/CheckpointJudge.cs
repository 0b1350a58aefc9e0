using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Fidelity;

/// <summary>Compares a machine with the kernel's state at each checkpoint, and keeps the score.</summary>
internal sealed partial class CheckpointJudge(Machine machine, OpenFiles openFiles, ReplayOptions options)
{
    /// <summary>Events told with a difference.</summary>
    private const int HistoryCount = 12;

    private readonly FidelityScope _scope =
        machine.Design.Name == ReferenceDesign.Name ? FidelityScope.Exact : FidelityScope.Ranges;

    private readonly FileMatcher _files = new(machine, openFiles);
    private readonly GraphMatcher _graph = new();
    private readonly FidelityScore _quiescent = new();
    private readonly FidelityScore _concurrent = new();
    private readonly SortedDictionary<DifferenceCauses, long> _causes = [];
    private readonly List<Difference> _differences = [];
    private long _distinct;
    private long _breakDifferences;

    /// <summary>Compares one address space with the kernel's image of it.</summary>
    public void Judge(Space space, long number, in TraceEvent e, MmImage kernels)
    {
        MmImage ours = machine.Capture(space.Mm);
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
                if (_scope == FidelityScope.Exact && !space.KnownDifferences.Contains((start, causes)))
                {
                    Keep(space, number, e, causes, DescribeOurs(ours, our), DescribeKernels(kernels, kernel));
                }
            }
        }

        space.KnownDifferences = present;
    }

    public FidelityResult Result() => new()
    {
        Quiescent = _quiescent,
        Concurrent = _concurrent,
        Scope = _scope,
        Causes = _causes,
        Differences = _differences,
        DistinctDifferences = _distinct,
        BreakDifferences = _breakDifferences,
        Violations = _violations,
        Verifications = _verifications,
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
        Space space,
        long number,
        in TraceEvent e,
        DifferenceCauses causes,
        VmaDescription? ours,
        VmaDescription? kernels)
    {
        _distinct++;
        if (_differences.Count == options.DifferenceLimit)
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
            History = space.History?.Touching(start, end, HistoryCount) ?? [],
        });
    }

    private VmaDescription? DescribeOurs(MmImage image, VmaImage? vma) => vma is null
        ? null
        : new VmaDescription(vma, _files.DescribeOurs(vma.File), GraphMatcher.NodesOf(image, vma));

    private VmaDescription? DescribeKernels(MmImage image, VmaImage? vma) => vma is null
        ? null
        : new VmaDescription(vma, _files.DescribeKernels(vma.File), GraphMatcher.NodesOf(image, vma));
}
