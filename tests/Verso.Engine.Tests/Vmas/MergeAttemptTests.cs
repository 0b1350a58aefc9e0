using Verso.Engine.Tests.Pages;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Vmas;

/// <summary>
/// Merge attempts are counted where the kernel makes them: __mmap_region asks vma_merge_new_range before it gives shared
/// memory its object, so each such mapping beside another is refused once for each side that touches.
/// </summary>
public sealed class MergeAttemptTests
{
    private const Protection ReadWrite = Protection.Read | Protection.Write;
    private const int Many = 50;

    private readonly PageStage _scenario = new("anon-vma-chain");
    private readonly List<MergeTrial> _trials = [];

    public MergeAttemptTests() => _scenario.Machine.MergeTried = _trials.Add;

    [Fact]
    public void Shared_anonymous_memory_is_refused_for_its_file_beside_other_such()
    {
        for (int at = 0; at < Many; at++)
        {
            Map(0, MapFlags.Shared | MapFlags.Anonymous);
        }

        Assert.Equal(Many, _scenario.Live("vm_area_struct"));
        Assert.Equal(Many - 1, _scenario.Machine.Counters.MergesRefused[Bit(MergeTests.File)]);
        Assert.Equal(Many - 1, _trials.Count);
        Assert.All(_trials, trial => Assert.Equal((MergeSide.Upper, MergeTests.File), (trial.Side, trial.Verdict.First)));
        Assert.Equal(0, _scenario.Machine.Counters.MergesDone);
    }

    [Fact]
    public void Shared_memory_in_a_gap_is_refused_on_both_sides()
    {
        Map(PageStage.At(0), MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        Map(PageStage.At(2), MapFlags.Shared | MapFlags.Anonymous | MapFlags.Fixed);
        Map(PageStage.At(1), MapFlags.Shared | MapFlags.Anonymous | MapFlags.Fixed);
        Assert.Equal(
            [(MergeSide.Lower, MergeTests.Flags), (MergeSide.Upper, MergeTests.File)],
            _trials.Select(trial => (trial.Side, trial.Verdict.First)));
    }

    [Fact]
    public void A_shared_zero_device_is_tried_as_the_file_it_was_opened_as()
    {
        FileId zero = _scenario.Machine.OpenFile(FileKind.Zero, 1, 5, ulong.MaxValue, FileModes.Read | FileModes.Write);
        Map(PageStage.At(0), MapFlags.Shared | MapFlags.Fixed, zero);
        Map(PageStage.At(1), MapFlags.Shared | MapFlags.Fixed, zero);
        Assert.Equal(MergeTests.File, Assert.Single(_trials).Verdict.First);
        Assert.Equal(2, _scenario.Live("vm_area_struct"));
    }

    /// <summary>What touches nothing is no attempt.</summary>
    [Fact]
    public void Shared_memory_apart_from_all_else_is_not_tried()
    {
        Map(PageStage.At(0), MapFlags.Shared | MapFlags.Anonymous | MapFlags.Fixed);
        Map(PageStage.At(2), MapFlags.Shared | MapFlags.Anonymous | MapFlags.Fixed);
        Assert.Empty(_trials);
    }

    private static int Bit(MergeTests test) => int.TrailingZeroCount((int)test);

    private void Map(ulong address, MapFlags flags, FileId file = default) => Assert.Equal(
        Errno.None,
        _scenario.Machine.Mmap(_scenario.Parent, new MmapRequest(address, Page.Size, ReadWrite, flags, file)).Errno);
}
