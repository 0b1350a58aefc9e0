using Verso.Engine;
using Verso.Engine.ReverseMaps;

namespace Verso.Against;

/// <summary>What is measured of one engine: for each design, each path as an action that can be repeated.</summary>
public static class EnginePaths
{
    private const ulong Start = 0x10000000;
    private const ulong Away = 0x40001000;
    private const int Pages = 1024;
    private const ulong Length = (ulong)Pages << Page.Shift;
    private const int Few = 128;

    /// <summary>The file of the engine that is measured.</summary>
    public static string Engine => typeof(Machine).Assembly.Location;

    /// <summary>
    /// Name of design and path, and what makes the action. Framework types only: two engines have two Machines.
    /// </summary>
    public static IReadOnlyList<(string Name, Func<Action> Make)> All() =>
    [
        .. Catalogue.Designs.SelectMany(entry =>
            Of(entry).Select(path => ($"{entry.Facts.Name,-20} {path.Name,-18}", path.Make))),
    ];

    private static IEnumerable<(string Name, Func<Action> Make)> Of(Catalogue.Entry entry)
    {
        yield return ("fault and zap", () => Over(entry, (machine, mm) =>
        {
            _ = machine.Madvise(mm, Start, Length, Advice.DontNeed);
            Touch(machine, mm, Start, Pages);
        }));
        yield return ("fork and exit", () => Over(entry, (machine, mm) => Fork(machine, mm, copied: 0)));
        yield return ("copy on write", () => Over(entry, (machine, mm) => Fork(machine, mm, Pages)));
        yield return ("fork tree", () => Over(entry, ForkTree));
        yield return ("migrate", () => Over(entry, (machine, mm) => Each(at => _ = machine.Migrate(mm, at))));
        yield return ("swap", () => Over(entry, (machine, mm) =>
        {
            Each(at => _ = machine.SwapOut(mm, at));
            Touch(machine, mm, Start, Few);
        }));
        yield return ("walk of 21", () => Walks(entry));
        yield return ("mremap", () => Over(entry, (machine, mm) =>
        {
            const RemapFlags To = RemapFlags.MayMove | RemapFlags.Fixed;
            _ = machine.Mremap(mm, new MremapRequest(Start, Length, Length, To, Away));
            _ = machine.Mremap(mm, new MremapRequest(Away, Length, Length, To, Start));
        }));
        yield return ("split and merge", () => Over(entry, (machine, mm) =>
        {
            _ = machine.Mprotect(mm, Start + Page.Size, Page.Size, Protection.Read);
            _ = machine.Mprotect(mm, Start + Page.Size, Page.Size, Protection.Read | Protection.Write);
        }));
    }

    private static Action Walks(Catalogue.Entry entry)
    {
        Machine machine = Populated(entry, out MmId mm);
        for (int child = 0; child < 20; child++)
        {
            _ = machine.Fork(mm, out _);
        }

        return () => Each(at => _ = machine.Walk(mm, at));
    }

    private static Action Over(Catalogue.Entry entry, Action<Machine, MmId> path)
    {
        Machine machine = Populated(entry, out MmId mm);
        return () => path(machine, mm);
    }

    private static Machine Populated(Catalogue.Entry entry, out MmId mm)
    {
        Machine machine = entry.Create(new MachineOptions());
        _ = machine.CreateMm(out mm);
        _ = machine.Mmap(mm, new MmapRequest(
            Start, Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        Touch(machine, mm, Start, Pages);
        return machine;
    }

    private static void Touch(Machine machine, MmId mm, ulong start, int pages)
    {
        for (int page = 0; page < pages; page++)
        {
            _ = machine.Fault(mm, start + ((ulong)page << Page.Shift), FaultAccess.Write);
        }
    }

    private static void Each(Action<ulong> path)
    {
        for (ulong page = 0; page < Few; page++)
        {
            path(Start + (page << Page.Shift));
        }
    }

    private static void Fork(Machine machine, MmId mm, int copied)
    {
        _ = machine.Fork(mm, out MmId child);
        Touch(machine, child, Start, copied);
        machine.ReleaseMm(child);
    }

    /// <summary>12 children, each the last one's, every fourth the first one's, each with a page of its own.</summary>
    private static void ForkTree(Machine machine, MmId mm)
    {
        Span<MmId> children = stackalloc MmId[12];
        MmId parent = mm;
        for (int at = 0; at < children.Length; at++)
        {
            _ = machine.Fork(parent, out children[at]);
            Touch(machine, children[at], Start + Page.Size, 1);
            parent = (at & 3) == 3 ? mm : children[at];
        }

        foreach (MmId child in children)
        {
            machine.ReleaseMm(child);
        }
    }
}
