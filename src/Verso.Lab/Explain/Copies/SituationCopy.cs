using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux;
using Verso.Linux.Puppets;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Explain.Copies;

/// <summary>A situation in a process of the running kernel, made for it and for nothing else.</summary>
/// <remarks>
/// <code>
///                 0x10000000          Boundary
///     ... moved from here ... | lower |  upper | ... or from there ...
/// </code>
/// Chains longer than one come of real forks: each ancestor lives as long as the copy.
/// </remarks>
public sealed class SituationCopy : IDisposable
{
    internal const ulong Start = 0x1000_0000;

    private readonly CopyStage _stage;
    private readonly Stack<Puppet> _family = new();
    private readonly List<SharedSegment> _segments = [];

    internal SituationCopy(CopyStage stage, Situation situation)
    {
        _stage = stage;
        Situation = situation;
        ulong lower = CopyBuilder.PagesOf(situation.Lower) * Page.Size;
        Lower = new CopyRange(Start, lower);
        Upper = new CopyRange(Start + lower, CopyBuilder.PagesOf(situation.Upper) * Page.Size);
        _family.Push(stage.Start());
        Calls = new CopyCalls(_family.Peek(), stage.Graph);
    }

    /// <summary>What was asked for.</summary>
    public Situation Situation { get; }

    /// <summary>Where the two touch, a byte address.</summary>
    public ulong Boundary => Upper.Start;

    internal CopyStage Stage => _stage;

    internal CopyRange Lower { get; set; }

    internal CopyRange Upper { get; set; }

    /// <summary>The calls of the youngest process, whose memory the situation is.</summary>
    internal CopyCalls Calls { get; private set; }

    /// <summary>The descriptor of the userfaultfd of each number.</summary>
    internal Dictionary<int, int> Userfaults { get; } = [];

    /// <summary>What explain says of the two; null if they are one, or one is gone.</summary>
    public Boundary? Explain() => Explanation().Boundary;

    /// <summary>
    /// Makes calls that let the kernel try to merge the two: a flag of one, then of the other, is changed and changed
    /// back.
    /// </summary>
    /// <returns>Whether they are one now.</returns>
    public bool TryToMerge()
    {
        foreach (CopyRange range in new[] { Lower, Upper })
        {
            if (!IsOne)
            {
                Toggle(range);
            }
        }

        return IsOne;
    }

    /// <summary>Whether one VMA lies across the boundary.</summary>
    public bool IsOne => Calls.Capture().Vmas.Any(vma => vma.Start < Boundary && Boundary < vma.End);

    /// <summary>Undoes by calls what keeps the two apart.</summary>
    /// <param name="failed">What that is.</param>
    /// <exception cref="NotCopiedException">No call undoes it.</exception>
    public void Undo(MergeTests failed)
    {
        const MergeTests ByCalls = MergeTests.Policy | MergeTests.Flags | MergeTests.Userfaultfd | MergeTests.Name;
        if ((failed & ~ByCalls) != 0)
        {
            throw new NotCopiedException($"no call undoes {failed & ~ByCalls}");
        }

        VmaFlags flags = VmaChanges.Reconcile(Calls.FlagsAt(Lower.Start), Calls.FlagsAt(Upper.Start));
        Unwatch(Lower, Situation.Lower);
        Unwatch(Upper, Situation.Upper);
        if (Situation.Lower.Policy != Situation.Upper.Policy)
        {
            Calls.SetPolicy(Upper, Situation.Lower.Policy);
        }

        if (Situation.Lower.Name != Situation.Upper.Name)
        {
            Calls.SetName(Upper, Situation.Lower.Name);
        }

        VmaChanges changes = new(Calls);
        foreach (CopyRange range in new[] { Lower, Upper })
        {
            if (!IsOne)
            {
                changes.SetFlags(range, flags, ~(VmaFlags.Userfault | KeptReason.OfMapping));
            }
        }
    }

    public void Dispose()
    {
        while (_family.TryPop(out Puppet? puppet))
        {
            _ = puppet.Exit();
        }

        foreach (SharedSegment segment in _segments)
        {
            segment.Dispose();
        }
    }

    /// <summary>Both are elsewhere: a driver has chosen.</summary>
    internal void MoveTo(ulong start)
    {
        Lower = Lower with { Start = start };
        Upper = Upper with { Start = Lower.End };
    }

    /// <summary>One generation more: the situation is the child's.</summary>
    internal void Fork()
    {
        _ = _family.Peek().Fork(out Puppet? child);
        _family.Push(child ?? throw new NotCopiedException("the puppet does not fork"));
        Calls = new CopyCalls(child, _stage.Graph);
    }

    internal SharedSegment MakeSegment(ulong bytes)
    {
        SharedSegment segment = SharedSegment.Make(bytes);
        _segments.Add(segment);
        return segment;
    }

    /// <summary>Sees that the copy is what was asked for.</summary>
    internal void RequireSame()
    {
        (Boundary? boundary, Situation? seen) = Explanation();
        if (boundary is null)
        {
            throw new NotCopiedException(IsOne ? "the kernel makes them one at once" : "they do not touch");
        }

        if (seen != Situation)
        {
            throw new NotCopiedException(
                seen!.Lower != Situation.Lower ? $"the lower one comes out as {seen.Lower}"
                : seen.Upper != Situation.Upper ? $"the upper one comes out as {seen.Upper}"
                : $"page offsets come out {seen.Offsets}");
        }
    }

    private (Boundary? Boundary, Situation? Seen) Explanation()
    {
        MmImage image = Calls.Capture();
        HashSet<FileId> named = [.. image.Vmas.Select(vma => vma.File)];
        Dictionary<FileId, Traces.FileIdentity> files = _stage.Graph.Files
            .Where(file => named.Contains(file.File)).ToDictionary(file => file.File);
        SpaceExplanation explanation = SpaceExplanation.Of(
            new ProcessGraph(Calls.Puppet.Pid, "copy", 0, image, GraphReading.Whole), files.Values, 0, _stage.Rules);
        Boundary? found = explanation.Boundaries.FirstOrDefault(each => each.Upper.Start == Boundary);
        return (found, found is null ? null : Situation.Of(found, file => files.GetValueOrDefault(file)));
    }

    private void Unwatch(CopyRange range, SituationSide side)
    {
        if (side.Userfault != 0)
        {
            Calls.Unregister(range, Userfaults[side.Userfault]);
        }
    }

    // What a driver maps, or may vanish, must stay out of dumps, but about reading ahead it may be told anything.
    private void Toggle(CopyRange range)
    {
        VmaFlags flags = Calls.FlagsAt(range.Start);
        (Advice there, Advice back) = (flags & (VmaFlags.Special | VmaFlags.Droppable)) == 0
            ? (flags & VmaFlags.DontDump) != 0 ? (Advice.DoDump, Advice.DontDump) : (Advice.DontDump, Advice.DoDump)
            : (flags & VmaFlags.SeqRead) != 0 ? (Advice.Random, Advice.Sequential)
            : (flags & VmaFlags.RandRead) != 0 ? (Advice.Sequential, Advice.Random)
            : (Advice.Random, Advice.Normal);
        Calls.Advise(range, there);
        Calls.Advise(range, back);
    }
}
