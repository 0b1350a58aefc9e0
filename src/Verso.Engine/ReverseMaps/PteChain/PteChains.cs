using System.Runtime.CompilerServices;
using Verso.Engine.Frames;

namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>The chains of all frames, one pointer at a time.</summary>
/// <remarks>
/// <code>
///   head of a frame   0          no entry maps it
///                     > 0        the pointer to its only entry (PG_direct)
///                     &lt; 0        minus the first block of its chain
/// </code>
/// <para>
/// The head of an anonymous frame is <see cref="Frame.Mapping"/>, in the cache line that a fault touches anyway;
/// that of a file page, where those are tracked, lies in a side array.
/// </para>
/// <para>
/// Invariant: a chain holds two pointers or more, and only its first block may be partly used. 2.5 turned a chain of
/// one back into a direct pointer when a walk next met it; here that happens at once.
/// </para>
/// </remarks>
internal sealed partial class PteChains
{
    private World _world = null!;
    private FrameTable _frames = null!;
    private ChainBlocks _blocks = null!;
    private int[] _fileHeads = [];

    /// <summary>Whether pages of files and shared memory have chains.</summary>
    public bool TracksFiles { get; private set; }

    public void Start(World world, bool tracksFiles)
    {
        TracksFiles = tracksFiles;
        _world = world;
        _frames = world.Frames;
        _blocks = new ChainBlocks(world.Ledger);
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

    /// <summary>page_add_rmap. False if a block is needed and cannot be had.</summary>
    private bool TryAdd(ref int head, int pointer, AllocationContext context)
    {
        if (head == 0)
        {
            head = pointer;
            return true;
        }

        if (head < 0 && !_blocks[-head].IsFull)
        {
            _blocks[-head].Push(pointer);
            return true;
        }

        int block = TakeBlock(head < 0 ? -head : 0, context);
        if (block == 0)
        {
            return false;
        }

        ref ChainBlock first = ref _blocks[block];
        if (head > 0)
        {
            first.Push(head);
        }

        first.Push(pointer);
        head = -block;
        return true;
    }

    /// <summary>
    /// page_remove_rmap: the hole is filled with the last pointer of the first block. Returns how many pointers were
    /// looked at. Requires: the pointer is there.
    /// </summary>
    private int Remove(ref int head, int pointer)
    {
        if (head > 0)
        {
            Invariant.Require(head == pointer);
            head = 0;
            return 1;
        }

        ref int hole = ref Find(-head, pointer, out int steps);
        ref ChainBlock first = ref _blocks[-head];
        int last = first.Pop();
        if (last != pointer)
        {
            hole = last;
        }

        if (first.Used == 0)
        {
            int next = first.Next;
            _blocks.Free(-head);
            head = -next;
            first = ref _blocks[next];
        }

        if (first.Used == 1 && first.Next == 0)
        {
            int only = first.Pop();
            _blocks.Free(-head);
            head = only;
        }

        return steps;
    }

    /// <summary>
    /// An entry was moved. Returns how many pointers were looked at. Requires: the old pointer is there.
    /// </summary>
    private int Replace(ref int head, int old, int fresh)
    {
        if (head > 0)
        {
            Invariant.Require(head == old);
            head = fresh;
            return 1;
        }

        Find(-head, old, out int steps) = fresh;
        return steps;
    }

    private ref int Find(int block, int pointer, out int steps)
    {
        steps = 0;
        while (block != 0)
        {
            Span<int> pointers = _blocks[block].Pointers();
            for (int i = 0; i < pointers.Length; i++)
            {
                steps++;
                if (pointers[i] == pointer)
                {
                    return ref pointers[i];
                }
            }

            block = _blocks[block].Next;
        }

        throw new InvariantException($"PTE pointer {pointer} is not in the chain");
    }
}
