using System.Runtime.CompilerServices;
using Verso.Engine.Frames;

namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>Which frames have chains, and where their heads are.</summary>
/// <remarks>
/// The head of an anonymous frame is <see cref="Frame.Mapping"/>, in the cache line that a fault touches anyway;
/// that of a file page, where those are tracked, lies in a side array.
/// </remarks>
internal sealed partial class PteChains
{
    private World _world = null!;
    private FrameTable _frames = null!;
    private PointerChains _chains = null!;
    private int[] _fileHeads = [];

    /// <summary>Whether pages of files and shared memory have chains.</summary>
    public bool TracksFiles { get; private set; }

    public void Start(World world, bool tracksFiles)
    {
        TracksFiles = tracksFiles;
        _world = world;
        _frames = world.Frames;
        _chains = new PointerChains(world);
    }

    /// <summary>
    /// Sees to a spare block for each entry that will be mapped. A fresh anonymous page needs none: it is mapped once.
    /// </summary>
    public Errno Reserve(VmaId vma, int entries, ReserveReason reason)
    {
        bool needsNone = reason switch
        {
            ReserveReason.Instantiate => !TracksFiles || _world.Vmas[vma].File.IsNone,
            ReserveReason.Map => !TracksFiles,
            _ => false,
        };
        return needsNone ? Errno.None : _chains.Reserve(entries);
    }

    /// <summary>Frees the spares that were not needed.</summary>
    public void ReturnSpares() => _chains.ReturnSpares();

    /// <summary>
    /// Offers the page of each pointer: every one is an entry that maps the page, no visit is useless.
    /// </summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        WalkStep step = WalkStep.Continue;
        for (int page = 0; page < walk.Pages && step == WalkStep.Continue; page++)
        {
            Pfn frame = new(walk.Frame.Value + page);
            LockId held = LockId.Of(frame);
            _world.Locks.Begin(held, LockMode.Write);
            ref int head = ref HeadOf(ref _frames[frame], frame);
            step = _chains.Walk(head, walk.First + (ulong)page, ref visitor, out long visited);
            _world.Locks.End(held, LockMode.Write, visited);
        }
    }

    /// <summary>The last reference of an anonymous frame is gone.</summary>
    public void Release(Pfn frame) => Invariant.Require(_frames[frame].Mapping == 0);

    /// <summary>Whether this frame has a chain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsTracked(in Frame frame) => frame.IsAnonymous || TracksFiles;

    /// <summary>The head of a tracked frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref int HeadOf(ref Frame frame, Pfn pfn)
    {
        if (frame.IsAnonymous)
        {
            return ref frame.Mapping;
        }

        return ref FileHeadOf(pfn);
    }

    private ref int FileHeadOf(Pfn pfn)
    {
        if (_fileHeads.Length <= pfn.Value)
        {
            Array.Resize(ref _fileHeads, _frames.Capacity);
        }

        return ref _fileHeads[pfn.Value];
    }
}
