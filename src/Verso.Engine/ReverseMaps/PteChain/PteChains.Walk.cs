using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.PteChain;

// Walks: every pointer is an entry that maps the page, so no visit is useless.
internal sealed partial class PteChains
{
    /// <summary>Offers the page of each pointer.</summary>
    public void Walk<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        int head = HeadOf(ref _frames[frame], frame);
        if (head > 0)
        {
            Offer(head, ref visitor);
            CountLocks(1, 1);
            return;
        }

        long work = 0;
        WalkStep step = WalkStep.Continue;
        for (int block = -head; block != 0 && step == WalkStep.Continue; block = _blocks[block].Next)
        {
            Span<int> pointers = _blocks[block].Pointers();
            for (int i = 0; i < pointers.Length && step == WalkStep.Continue; i++)
            {
                step = Offer(pointers[i], ref visitor);
                work++;
            }
        }

        CountLocks(1, work);
    }

    private WalkStep Offer<TVisitor>(int pointer, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ref readonly PageTablePool.Table table = ref _world.PageTables[PtePointer.TableOf(pointer)];
        return visitor.Visit(table.Owner, table.Base + ((ulong)PtePointer.SlotOf(pointer) << Page.Shift));
    }
}
