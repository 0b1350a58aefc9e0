using System.Runtime.CompilerServices;

namespace Verso.Engine.Frames;

/// <summary>
/// Every page frame of a machine, by <see cref="Pfn"/>: one array, grown by doubling, with a free list in it.
/// </summary>
/// <remarks>
/// Frame 0 is never given out. A freed frame is the next to be used again, so that a working set stays small. Live and
/// peak frames are the row "page" of the <see cref="Ledger"/>.
/// </remarks>
public sealed class FrameTable
{
    /// <summary>A frame, and what designs keep by frame.</summary>
    private const int FrameBytes = 32;

    private readonly Ledger _ledger;
    private readonly ObjectType _type;
    private readonly FrameContents? _contents;
    private readonly int _limit;
    private Frame[] _frames = new Frame[1024];
    private int _firstFree;
    private int _used = 1;

    public FrameTable(MachineOptions options, Ledger ledger)
    {
        _ledger = ledger;
        bool hasBytes = options.Contents == PageContents.Bytes;
        _type = ledger.Register(
            "page", new KernelSize((int)Page.Size, (int)Page.Size), FrameBytes + (hasBytes ? Page.Size : 0));
        _limit = options.FrameLimit;
        _contents = hasBytes ? new FrameContents() : null;
    }

    /// <summary>How many slots there are: the size side arrays need.</summary>
    public int Capacity => _frames.Length;

    /// <summary>One past the highest frame ever given out.</summary>
    public int UsedCount => _used;

    /// <summary>Frames in use.</summary>
    public int LiveCount { get; private set; }

    /// <summary>Bytes of the host that so many frames in use at once take, beyond what is taken now.</summary>
    internal long MissingBytes(long frames) => _ledger.MissingBytes(_type, Math.Min(frames, _limit));

    /// <summary>Whether frames have bytes.</summary>
    public bool HasContents => _contents is not null;

    /// <summary>The frame. The reference is good until the next allocation.</summary>
    public ref Frame this[Pfn pfn]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _frames[pfn.Value];
    }

    /// <summary>The frames by number; good until the next allocation.</summary>
    internal Span<Frame> Frames => _frames;

    /// <summary>
    /// A frame, mapped nowhere; its bytes, if it has any, are 0. None if the allocation fails (ENOMEM).
    /// </summary>
    /// <param name="flags">What it is for.</param>
    /// <param name="index">Page offset within <paramref name="mapping"/>.</param>
    /// <param name="mapping">A design's key or an inode's handle; see <see cref="Frame.Mapping"/>.</param>
    public Pfn Allocate(FrameFlags flags, ulong index, int mapping = 0)
    {
        if (LiveCount >= _limit || !_ledger.TryAllocate(_type))
        {
            return default;
        }

        int pfn = _firstFree;
        if (pfn != 0)
        {
            _firstFree = (int)_frames[pfn].Index;
        }
        else
        {
            pfn = _used++;
            if (pfn == _frames.Length)
            {
                Array.Resize(ref _frames, _frames.Length * 2);
            }
        }

        LiveCount++;
        _frames[pfn].Begin(flags, index, mapping);
        _contents?.Clear(pfn);
        return new Pfn(pfn);
    }

    /// <summary>Gives a frame back, as <see cref="Unlist"/>, and counts it at once.</summary>
    public void Free(Pfn pfn)
    {
        Unlist(pfn);
        CountFreed(1);
    }

    /// <summary>
    /// Gives a frame back; it is counted later, many at a time, by <see cref="CountFreed"/>. Requires: it is in use,
    /// and no entry holds it.
    /// </summary>
    internal void Unlist(Pfn pfn)
    {
        ref Frame frame = ref _frames[pfn.Value];
        Invariant.Require((frame.Flags & FrameFlags.Allocated) != 0);
        Invariant.Require(frame.MapCount == 0);
        frame.End(_firstFree);
        _firstFree = pfn.Value;
    }

    /// <summary>So many frames were given back by <see cref="Unlist"/>.</summary>
    internal void CountFreed(int count)
    {
        LiveCount -= count;
        _ledger.Release(_type, count);
    }

    /// <summary>Whether the frame is in use.</summary>
    public bool IsLive(Pfn pfn) =>
        pfn.Value > 0 && pfn.Value < _used && (_frames[pfn.Value].Flags & FrameFlags.Allocated) != 0;

    /// <summary>The 4096 bytes of a frame. Requires: <see cref="PageContents.Bytes"/>.</summary>
    public Span<byte> Bytes(Pfn pfn)
    {
        Invariant.Require(_contents is not null);
        return _contents.Of(pfn.Value);
    }
}
