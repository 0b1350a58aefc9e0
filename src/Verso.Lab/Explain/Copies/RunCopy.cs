using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Puppets;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Explain.Copies;

/// <summary>
/// VMAs side by side in a process of the running kernel, no two of which a call has tried to merge.
/// </summary>
/// <remarks>
/// While they become what they shall be, every second one is locked; fork drops the locks, and tries no merge:
/// <code>
///     |  f  | -      |  w  | -      |          f: written before the fork, w: after it, -: never
///           | locked |     | locked |          in the parent
/// </code>
/// </remarks>
public sealed class RunCopy : IDisposable
{
    private const ulong Start = SituationCopy.Start;

    /// <summary>What has it is for the moment like no neighbour.</summary>
    private const Advice OfNoPage = Advice.Sequential;

    private const VmaFlags ReadWrite = VmaFlags.Read | VmaFlags.Write;

    private readonly CopyStage _stage;
    private readonly IReadOnlyList<RunPage> _pages;
    private readonly RunAncestry _ancestry;
    private readonly Stack<Puppet> _family = new();
    private CopyCalls _calls;

    internal RunCopy(CopyStage stage, IReadOnlyList<RunPage> pages, RunAncestry ancestry)
    {
        _stage = stage;
        _pages = pages;
        _ancestry = ancestry;
        _family.Push(stage.Start());
        _calls = new CopyCalls(_family.Peek(), stage.Graph);
    }

    /// <summary>VMAs of the run now.</summary>
    public int VmaCount => Vmas.Count;

    private IReadOnlyList<VmaImage> Vmas =>
        [.. _calls.Capture().Vmas.Where(vma => vma.Start >= Start && vma.End <= End)];

    private static ulong End => Start + (1UL << 24);

    /// <summary>What explain says of the process.</summary>
    public SpaceExplanation Explain()
    {
        MmImage image = _calls.Capture();
        HashSet<FileId> named = [.. image.Vmas.Select(vma => vma.File)];
        IEnumerable<FileIdentity> files = _stage.Graph.Files.Where(file => named.Contains(file.File));
        return SpaceExplanation.Of(
            new ProcessGraph(_calls.Puppet.Pid, "run", 0, image, GraphReading.Whole), files, 0, _stage.Rules);
    }

    /// <summary>
    /// Undoes what keeps the VMAs apart, and lets the kernel try to merge each with the next, from the lowest address
    /// to the highest. Without different anon_vmas: what would have another is unmapped, and the VMA below grows over
    /// its place. Without forked chains: to be asked of a run that never forked.
    /// </summary>
    /// <param name="without">Flags, policy and different anon_vmas, or none.</param>
    /// <exception cref="NotCopiedException">The kernel refuses a call.</exception>
    public void Join(MergeTests without)
    {
        VmaChanges changes = new(_calls);
        foreach (CopyRange range in Vmas.Select(RangeOf))
        {
            if ((without & MergeTests.Flags) != 0)
            {
                changes.SetFlags(range, ReadWrite, RunPage.Given);
            }

            if ((without & MergeTests.Policy) != 0)
            {
                _calls.SetPolicy(range, 0);
            }

            if (_ancestry == RunAncestry.NeverForked)
            {
                _calls.Lock(range, VmaFlags.None);
            }

            if ((without & MergeTests.AnonVma) == 0)
            {
                TriggerMerge(range);
            }
        }

        Walk((without & MergeTests.AnonVma) != 0 ? AnonVmas.AsTheLower : AnonVmas.AsTheyAre);
    }

    public void Dispose()
    {
        while (_family.TryPop(out Puppet? puppet))
        {
            _ = puppet.Exit();
        }
    }

    internal void Build()
    {
        _calls.Map(
            new CopyRange(Start, (ulong)_pages.Count << Page.Shift),
            Protection.Read | Protection.Write,
            MapFlags.Private | MapFlags.Anonymous | MapFlags.FixedNoReplace,
            -1,
            0);
        for (int at = 1; at < _pages.Count; at += 2)
        {
            _calls.Lock(RangeAt(at), VmaFlags.LockedMask);
        }

        VmaChanges changes = new(_calls);
        for (int at = 0; at < _pages.Count; at++)
        {
            changes.SetFlags(RangeAt(at), _pages[at].Flags, RunPage.Given);
            if (_pages[at].Policy != 0)
            {
                _calls.SetPolicy(RangeAt(at), _pages[at].Policy);
            }
        }

        Write(PageHistory.Forked);
        if (_ancestry == RunAncestry.Forked)
        {
            _ = _family.Peek().Fork(out Puppet? child);
            _family.Push(child ?? throw new NotCopiedException("the puppet does not fork"));
            _calls = new CopyCalls(child, _stage.Graph);
        }

        Write(PageHistory.Written);
        if (VmaCount != _pages.Count)
        {
            throw new NotCopiedException($"VMAs: {VmaCount}, pages: {_pages.Count}");
        }
    }

    private static CopyRange RangeAt(int at) => new(Start + ((ulong)at << Page.Shift), Page.Size);

    private static CopyRange RangeOf(VmaImage vma) => new(vma.Start, vma.End - vma.Start);

    private void Write(PageHistory history)
    {
        for (int at = 0; at < _pages.Count; at++)
        {
            if (_pages[at].History == history)
            {
                _calls.Write(RangeAt(at).Start);
            }
        }
    }

    private void Walk(AnonVmas anonVmas)
    {
        VmaImage? lower = Vmas[0];
        while (lower is not null)
        {
            TriggerMerge(RangeOf(lower));
            VmaImage now = VmaAt(lower.Start)!;
            if (now.End != lower.End)
            {
                lower = now;
                continue;
            }

            lower = VmaAt(now.End);
            if (lower is not null && anonVmas == AnonVmas.AsTheLower && DifferInAnonVma(now, lower))
            {
                GrowOver(now, lower);
                lower = VmaAt(now.Start);
            }
        }
    }

    private void TriggerMerge(CopyRange range)
    {
        _calls.Advise(range, OfNoPage);
        _calls.Advise(range, Advice.Normal);
    }

    // Growing joins what is beyond too, and there looks at no chain: it must not be alike then.
    private void GrowOver(VmaImage lower, VmaImage upper)
    {
        _calls.Advise(RangeOf(lower), OfNoPage);
        _calls.Unmap(RangeOf(upper));
        _calls.Grow(RangeOf(lower), upper.End - upper.Start);
        _calls.Advise(new CopyRange(lower.Start, upper.End - lower.Start), Advice.Normal);
    }

    private VmaImage? VmaAt(ulong address) =>
        Vmas.FirstOrDefault(vma => vma.Start <= address && address < vma.End);

    private static bool DifferInAnonVma(VmaImage lower, VmaImage upper) =>
        lower.AnonVma != 0 && upper.AnonVma != 0 && lower.AnonVma != upper.AnonVma
        && ((lower.Flags ^ upper.Flags) & ~VmaFlags.SoftDirty) == 0
        && lower.Traits == upper.Traits;

    private enum AnonVmas
    {
        AsTheyAre = 0,

        /// <summary>Of two that differ in it alone the upper one becomes part of the lower one.</summary>
        AsTheLower = 1,
    }
}
