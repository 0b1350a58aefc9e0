using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Explain;

/// <summary>Why an address space has as many VMAs as it has.</summary>
/// <remarks>
/// The address space is loaded into the engine, and the function that decides merges there is asked about each pair of
/// VMAs that touch: a reason shown for a live process is the one the engine acts on, and the kernel, as far as verify
/// has held the two together.
/// </remarks>
public sealed class SpaceExplanation
{
    private readonly Dictionary<FileId, string> _paths;

    private SpaceExplanation(
        ProcessGraph process, Dictionary<FileId, string> paths, IReadOnlyList<Boundary> boundaries, int maxMapCount)
    {
        _paths = paths;
        Process = process;
        Boundaries = boundaries;
        MaxMapCount = maxMapCount;
        Groups = [.. boundaries
            .GroupBy(boundary => boundary.Verdict.First)
            .Select(group => new ReasonGroup(group.Key, [.. group]))
            .OrderByDescending(group => group.Boundaries.Count).ThenBy(group => group.First)];
    }

    /// <summary>The process as it was read.</summary>
    public ProcessGraph Process { get; }

    /// <summary>Every pair of VMAs that touch, by ascending address.</summary>
    public IReadOnlyList<Boundary> Boundaries { get; }

    /// <summary>The pairs by the first test that keeps them apart, the most frequent first.</summary>
    public IReadOnlyList<ReasonGroup> Groups { get; }

    /// <summary>vm.max_map_count.</summary>
    public int MaxMapCount { get; }

    /// <summary>VMAs now.</summary>
    public int VmaCount => Process.Image.Vmas.Count;

    /// <summary>The path of the file behind a VMA; empty if it is anonymous or the path is unknown.</summary>
    public string PathOf(VmaImage vma)
    {
        ArgumentNullException.ThrowIfNull(vma);
        return _paths.GetValueOrDefault(vma.File, "");
    }

    /// <summary>VMAs there would be if these tests were never failed, and merges were tried everywhere.</summary>
    public int VmasWithout(MergeTests tests) =>
        VmaCount - Boundaries.Count(boundary => (boundary.Verdict.Failed & ~tests) == MergeTests.None);

    /// <summary>Explains one process of a snapshot.</summary>
    /// <param name="process">The process.</param>
    /// <param name="files">The files that its VMAs name.</param>
    /// <param name="maxMapCount">vm.max_map_count.</param>
    /// <param name="rules">Which kernel's tests.</param>
    /// <exception cref="FormatException">No kernel has such an address space.</exception>
    public static SpaceExplanation Of(
        ProcessGraph process, IEnumerable<FileIdentity> files, int maxMapCount, KernelRules rules)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(files);
        Catalogue.Entry reference = Catalogue.Find(ReferenceDesign.Name)
            ?? throw new InvalidOperationException("the reference design is not in the catalogue");
        Machine machine = reference.Create(new MachineOptions { Rules = rules });
        OpenFiles known = new(machine);
        Dictionary<FileId, string> paths = [];
        foreach (FileIdentity file in files)
        {
            paths[file.File] = file.Path;
            known.Define(file);
        }

        // The vsyscall page is above what user space can map: it is in no tree of VMAs.
        MmImage image = process.Image with
        {
            Vmas = [.. process.Image.Vmas.Where(vma => vma.End <= Page.TaskSize)],
        };
        if (machine.CreateMm(known.Translate(image), out MmId mm).Errno != Errno.None)
        {
            throw new FormatException($"process {process.Pid} has VMAs that overlap or an anon_vma without a root");
        }

        List<Boundary> boundaries = [];
        for (int at = 1; at < image.Vmas.Count; at++)
        {
            if (machine.VerdictAt(mm, image.Vmas[at].Start) is MergeVerdict verdict)
            {
                boundaries.Add(new Boundary(image.Vmas[at - 1], image.Vmas[at], verdict));
            }
        }

        return new SpaceExplanation(process with { Image = image }, paths, boundaries, maxMapCount);
    }
}

/// <summary>Pairs that the same test keeps apart first.</summary>
/// <param name="First">The test; none: nothing keeps them apart.</param>
/// <param name="Boundaries">The pairs, by ascending address; at least one.</param>
public sealed record ReasonGroup(MergeTests First, IReadOnlyList<Boundary> Boundaries);
