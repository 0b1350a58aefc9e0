using Verso.Engine.Frames;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Tests.Model;
using Verso.Engine.Vmas;

namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// Compares the state of a machine with the model without disturbing it: VMAs, entries, contents, frames.
/// </summary>
internal sealed class StateCheck(EngineStage driver, AbstractModel model)
{
    private readonly Dictionary<int, FileId> _objects = [];
    private readonly Dictionary<FileId, int> _shared = [];
    private readonly Dictionary<Pfn, int> _mapCounts = [];

    /// <summary>
    /// The first difference as text, or null. What the machine shows to be true where the model could not know is noted
    /// in the model.
    /// </summary>
    public string? Compare()
    {
        if (!driver.Mms.Keys.SequenceEqual(model.Mms))
        {
            return $"live: {string.Concat(driver.Mms.Keys)}, expected {string.Concat(model.Mms)}";
        }

        int entries = 0;
        foreach ((char letter, MmId mm) in driver.Mms)
        {
            string? difference = CompareVmas(letter, mm) ?? ComparePages(letter, mm, ref entries);
            if (difference is not null)
            {
                return $"{letter}: {difference}";
            }
        }

        // Of larger units only one page was looked at.
        return Here.Bytes(1) == Page.Size ? CompareFrames(entries) : null;
    }

    private Window Here => driver.Window;

    private string? CompareVmas(char letter, MmId mm)
    {
        MmImage image = driver.Machine.Capture(mm);
        long expectedBreak = model.MmOf(letter).BreakPage;
        if (image.Brk != Here.Address(expectedBreak))
        {
            return $"break at page {Here.PageOf(image.Brk)}, expected {expectedBreak}";
        }

        Queue<long> expected = new(model.PagesOf(letter));
        foreach (VmaImage vma in image.Vmas)
        {
            if (vma.Start != Here.Address(Here.PageOf(vma.Start)) || vma.End != Here.Address(Here.PageOf(vma.End)))
            {
                return $"VMA {vma.Start:x}-{vma.End:x} is no number of units";
            }

            for (ulong address = vma.Start; address < vma.End; address += Here.Bytes(1))
            {
                long at = Here.PageOf(address);
                if (!expected.TryDequeue(out long next) || next != at)
                {
                    return model.PageAt(letter, at) is null ? $"page {at} is mapped" : $"page {next} is not mapped";
                }

                string? difference = CompareVma(letter, at, vma, address);
                if (difference is not null)
                {
                    return $"page {at}: {difference}";
                }
            }
        }

        return expected.TryDequeue(out long missing) ? $"page {missing} is not mapped" : null;
    }

    private string? CompareVma(char letter, long at, VmaImage vma, ulong address)
    {
        ModelPage page = model.PageAt(letter, at)!;
        if ((page.Marks & PageMarks.LockUnknown) != 0)
        {
            PageMarks locks = (vma.Flags & VmaFlags.Locked) != 0 ? PageMarks.Locked : PageMarks.None;
            locks |= (vma.Flags & VmaFlags.LockOnFault) != 0 ? PageMarks.LockedOnFault : PageMarks.None;
            page = page.Without(PageMarks.Locks | PageMarks.LockUnknown).With(locks);
            model.Settle(letter, at, page);
        }

        const VmaFlags Compared = VmaFlags.Access | VmaFlags.MayShare | VmaFlags.DontCopy | VmaFlags.WipeOnFork
            | VmaFlags.LockedMask | VmaFlags.DontDump | VmaFlags.SeqRead | VmaFlags.RandRead | VmaFlags.NoReserve
            | VmaFlags.HugePage | VmaFlags.NoHugePage;
        VmaFlags flags = FlagsOf(page);
        if ((vma.Flags & Compared) != flags)
        {
            return $"flags {vma.Flags & Compared}, expected {flags}";
        }

        World world = driver.Machine.World;
        int policy = world.Vmas[world.Mms[driver.Mms[letter]].Vmas.Lookup(address)].Policy;
        if (policy != page.Policy)
        {
            return $"policy {policy}, expected {page.Policy}";
        }

        if (vma.File.IsNone != page.IsAnonymous)
        {
            return page.IsAnonymous ? "it has a file" : "it has no file";
        }

        if (page.IsAnonymous)
        {
            return null;
        }

        ulong offset = (vma.Pgoff << Page.Shift) + (address - vma.Start);
        return offset != Here.Bytes(page.Offset)
            ? $"offset {offset:x}, expected {Here.Bytes(page.Offset):x}"
            : CompareFile(page, vma.File);
    }

    /// <summary>Open files are those of the scenario; each object of shared memory has one file of its own.</summary>
    private string? CompareFile(ModelPage page, FileId file)
    {
        if (page.File != '-')
        {
            return file == driver.FileOf(page.File) ? null : $"{file} is not file {page.File}";
        }

        return _objects.TryAdd(page.Behind, file) != _shared.TryAdd(file, page.Behind) || _objects[page.Behind] != file
            ? $"{file} is not the file of its shared memory"
            : null;
    }

    private static VmaFlags FlagsOf(ModelPage page)
    {
        VmaFlags flags = (VmaFlags)(ulong)page.Protection;
        flags |= (page.Marks & PageMarks.Shared) != 0 ? VmaFlags.MayShare : 0;
        flags |= (page.Marks & PageMarks.DontFork) != 0 ? VmaFlags.DontCopy : 0;
        flags |= (page.Marks & PageMarks.WipeOnFork) != 0 ? VmaFlags.WipeOnFork : 0;
        flags |= (page.Marks & PageMarks.Locked) != 0 ? VmaFlags.Locked : 0;
        flags |= (page.Marks & PageMarks.LockedOnFault) != 0 ? VmaFlags.LockOnFault : 0;
        flags |= (page.Marks & PageMarks.DontDump) != 0 ? VmaFlags.DontDump : 0;
        flags |= (page.Marks & PageMarks.Sequential) != 0 ? VmaFlags.SeqRead : 0;
        flags |= (page.Marks & PageMarks.Random) != 0 ? VmaFlags.RandRead : 0;
        flags |= (page.Marks & PageMarks.HugePage) != 0 ? VmaFlags.HugePage : 0;
        flags |= (page.Marks & PageMarks.NoHugePage) != 0 ? VmaFlags.NoHugePage : 0;
        flags |= (page.Marks & PageMarks.NoReserve) != 0 ? VmaFlags.NoReserve : 0;
        return flags;
    }

    private string? ComparePages(char letter, MmId mm, ref int entries)
    {
        foreach (long at in model.PagesOf(letter).Union(EveryPage()))
        {
            PageView view = driver.Machine.SeenAt(mm, Here.AccessAddress(at));
            ModelPage? page = model.PageAt(letter, at);
            string? difference = page is not null
                ? ComparePage(letter, at, page, view)
                : view.Presence == PagePresence.Empty ? null : $"{view.Presence} where nothing is mapped";
            if (difference is not null)
            {
                return $"page {at}: {difference}";
            }

            if (view.Presence == PagePresence.Present)
            {
                _mapCounts[view.Frame] = _mapCounts.GetValueOrDefault(view.Frame) + 1;
            }

            entries += view.Presence is PagePresence.Present or PagePresence.Swapped && view.Anonymous ? 1 : 0;
        }

        return null;
    }

    private static IEnumerable<long> EveryPage()
    {
        for (long page = -Window.Pages; page < 2 * Window.Pages; page++)
        {
            yield return page;
        }
    }

    private string? ComparePage(char letter, long at, ModelPage page, PageView view)
    {
        if (page.IsGuard != (view.Presence == PagePresence.Guard))
        {
            return $"{view.Presence}, guard expected: {page.IsGuard}";
        }

        if (view.Writable && !page.CanWrite)
        {
            return "the entry is writable, the mapping is not";
        }

        if (page.IsGuard || page.IsShared)
        {
            return HasPage(view) ? CompareByte(page, view) : null;
        }

        if (HasPage(view))
        {
            if (!view.Anonymous && page.IsAnonymous)
            {
                return "a page of a file in anonymous memory";
            }

            string? difference = CompareByte(page, view);
            return difference is not null || page.IsAnonymous ? difference
                : view.Anonymous ? SettleCopied(letter, at, page) : SettleBehind(letter, at, page);
        }

        if (view.Presence == PagePresence.Swapped)
        {
            return CompareByte(page, ByteOf(view.Slot));
        }

        // No page in page table or object: that says what the page reads.
        return view.Presence is PagePresence.Empty or PagePresence.ZeroPage ? SettleBehind(letter, at, page) : null;
    }

    private static bool HasPage(PageView view) => view.Presence is PagePresence.Present or PagePresence.Held;

    private string? CompareByte(ModelPage page, PageView view) =>
        CompareByte(page, driver.Machine.World.Frames.Bytes(view.Frame)[Window.ByteInPage]);

    /// <summary>The byte of a page that was swapped out, or is in the swap cache.</summary>
    private byte ByteOf(int slot)
    {
        World world = driver.Machine.World;
        Pfn cached = world.Swap.FrameOf(slot);
        return cached.IsNone ? world.Swap.Read(slot)[Window.ByteInPage] : world.Frames.Bytes(cached)[Window.ByteInPage];
    }

    private string? CompareByte(ModelPage page, byte value) =>
        model.MayRead(page, value) ? null : $"holds {value}, expected {Describe(page)}";

    private string Describe(ModelPage page) => page.Own is not byte own
        ? $"{model.BehindOf(page)} from behind"
        : page.MayBeBehind ? $"{own} or {model.BehindOf(page)}" : $"{own}";

    private string? SettleCopied(char letter, long at, ModelPage page)
    {
        if (page.Own is null)
        {
            return "is a private copy, expected the page of the file";
        }

        model.Settle(letter, at, page with { MayBeBehind = false });
        return null;
    }

    private string? SettleBehind(char letter, long at, ModelPage page)
    {
        if (page.Own is null)
        {
            return null;
        }

        // An anonymous page that was written 0 may not be lost either, but nobody could tell.
        if (!page.MayBeBehind && !(page.IsAnonymous && page.Own == 0))
        {
            return $"there is no copy of its own, expected {Describe(page)}";
        }

        if (page.MayBeBehind)
        {
            model.Settle(letter, at, page.Discarded());
        }

        return null;
    }

    /// <summary>S5, and that each frame is counted as often as it is mapped.</summary>
    private string? CompareFrames(int entries)
    {
        FrameTable frames = driver.Machine.World.Frames;
        int anonymous = 0;
        int live = 0;
        for (int pfn = 1; pfn < frames.UsedCount; pfn++)
        {
            Pfn id = new(pfn);
            if (!frames.IsLive(id))
            {
                continue;
            }

            live++;
            anonymous += frames[id].IsAnonymous ? 1 : 0;
            int mapped = _mapCounts.GetValueOrDefault(id);
            if (frames[id].MapCount != mapped)
            {
                return $"{id} has map count {frames[id].MapCount} and {mapped} entries";
            }
        }

        if (live != frames.LiveCount)
        {
            return $"{live} live frames, {frames.LiveCount} counted";
        }

        return driver.Machine.Design.Owner == PageOwner.PageTable && anonymous > entries
            ? $"{anonymous} anonymous frames for {entries} entries"
            : null;
    }
}
