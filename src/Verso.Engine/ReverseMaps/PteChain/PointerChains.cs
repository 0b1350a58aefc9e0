using System.Runtime.CompilerServices;
using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PteChain;

/// <summary>Chains of PTE pointers, each known by its head, which whoever has the chain keeps.</summary>
/// <remarks>
/// <code>
///   head   0          no entry maps the page
///          > 0        the pointer to its only entry (PG_direct)
///          &lt; 0        minus the first block of its chain
/// </code>
/// Invariant: a chain holds two pointers or more, and only its first block may be partly used. 2.5 turned a chain of
/// one back into a direct pointer when a walk next met it; here that happens at once.
/// </remarks>
internal sealed partial class PointerChains(World world)
{
    private readonly PageTablePool _tables = world.PageTables;
    private readonly ChainBlocks _blocks = new(world.Ledger);

    /// <summary>page_add_rmap. False if a block is needed and cannot be had.</summary>
    public bool TryAdd(ref int head, int pointer, AllocationContext context)
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
    public int Remove(ref int head, int pointer)
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
    public int Replace(ref int head, int old, int fresh)
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

    /// <summary>Forgets every pointer.</summary>
    public void Clear(ref int head)
    {
        int block = head < 0 ? -head : 0;
        head = 0;
        while (block != 0)
        {
            int next = _blocks[block].Next;
            while (_blocks[block].Used > 0)
            {
                _ = _blocks[block].Pop();
            }

            _blocks.Free(block);
            block = next;
        }
    }

    /// <summary>
    /// Offers the page of each pointer, as one that maps the page with this index, until the visitor stops.
    /// </summary>
    /// <param name="head">The head of the page's chain.</param>
    /// <param name="index">Which page of the walk it is.</param>
    /// <param name="visitor">Who is told.</param>
    /// <param name="work">How many were offered.</param>
    public WalkStep Walk<TVisitor>(int head, ulong index, ref TVisitor visitor, out long work)
        where TVisitor : struct, IWalkVisitor
    {
        if (head > 0)
        {
            work = 1;
            return Offer(head, index, ref visitor);
        }

        int offered = 0;
        WalkStep step = WalkStep.Continue;
        for (int block = -head; block != 0 && step == WalkStep.Continue; block = _blocks[block].Next)
        {
            Span<int> pointers = _blocks[block].Pointers();
            for (int i = 0; i < pointers.Length && step == WalkStep.Continue; i++)
            {
                step = Offer(pointers[i], index, ref visitor);
                offered++;
            }
        }

        work = offered;
        return step;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private WalkStep Offer<TVisitor>(int pointer, ulong index, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ref readonly PageTablePool.Table table = ref _tables[PtePointer.TableOf(pointer)];
        ulong address = table.Base + ((ulong)PtePointer.SlotOf(pointer) << Page.Shift);
        return visitor.Visit(new WalkCandidate(table.Owner, address, index));
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
