using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Playing;

namespace Verso.Lab.Stepping;

/// <summary>What is looked at before a step and after it.</summary>
internal sealed class StepState
{
    private const int MostVmasTold = 12;

    private readonly Dictionary<string, Space> _spaces = [];
    private readonly List<string> _order = [];
    private readonly long[] _live;

    /// <summary>The present state, as far as a step is about it.</summary>
    public StepState(SteppedSource source, StepFocus focus)
    {
        Machine machine = source.Machine;
        foreach (PlayedSpace each in source.Spaces)
        {
            Names[each.Mm] = each.Name;
            if (focus.Spaces?.Contains(each.Name) == false)
            {
                continue;
            }

            MmImage image = machine.Capture(each.Mm);
            SortedDictionary<ulong, Held> pages = [];
            foreach (ulong address in source.PagesOf(image, focus))
            {
                PageView view = machine.SeenAt(each.Mm, address);
                bool hasFrame = !view.Frame.IsNone && view.Presence is PagePresence.Present or PagePresence.Held;
                pages[address] = new Held(view, hasFrame ? machine.World.Frames[view.Frame].Mapping : 0);
            }

            _spaces.Add(each.Name, new Space(each.Mm, image, pages));
            _order.Add(each.Name);
        }

        _live = [.. machine.Ledger.Rows.Select(row => row.Live)];
    }

    /// <summary>All live address spaces.</summary>
    public Dictionary<MmId, string> Names { get; } = [];

    /// <summary>This state, which is that of the machine now, with what changed since one of before.</summary>
    public IReadOnlyList<StepSpace> Spaces(StepState before, SteppedSource source, StepFocus focus)
    {
        List<StepSpace> spaces = [];
        foreach (string name in _order)
        {
            spaces.Add(Compared(name, _spaces[name], before._spaces.GetValueOrDefault(name), source, focus));
        }

        foreach (string ended in before._order.Where(name => !_spaces.ContainsKey(name)))
        {
            int count = before._spaces[ended].Image.Vmas.Count;
            spaces.Add(new StepSpace(ended, StepChange.Gone, count, [], [], 0));
        }

        return spaces;
    }

    /// <summary>The objects of the machine, as far as there are any or were before.</summary>
    public IReadOnlyList<StepObjects> Objects(StepState before, Machine machine) =>
    [
        .. machine.Ledger.Rows
            .Select((row, at) =>
                new StepObjects(row.Name, _live[at], _live[at] - (at < before._live.Length ? before._live[at] : 0)))
            .Where(row => row.Live != 0 || row.More != 0),
    ];

    private static StepSpace Compared(
        string name, Space now, Space? before, SteppedSource source, StepFocus focus)
    {
        List<StepVma> vmas = [.. VmasOf(now.Image, before?.Image, source)];
        List<StepPage> pages = [.. PagesOf(now, before, source.Machine)];
        bool hasChanged = vmas.Exists(vma => vma.Change != StepChange.None)
            || pages.Exists(page => page.Change != StepChange.None);
        StepChange change = before is null ? StepChange.New : hasChanged ? StepChange.Changed : StepChange.None;
        int count = now.Image.Vmas.Count;
        if (focus.Spaces is null)
        {
            return new StepSpace(name, change, count, vmas, pages, 0);
        }

        StepVma[] told = [.. vmas.Where((_, at) => IsTold(vmas, at, focus))];
        int changed = told.Count(vma => vma.Change != StepChange.None);
        StepVma[] shown = [.. told.Take(MostVmasTold)];
        int untold = changed - shown.Count(vma => vma.Change != StepChange.None);
        return new StepSpace(name, change, count, shown, pages, untold);
    }

    /// <summary>What changed, what is beside it, and what the looked-at pages are in.</summary>
    private static bool IsTold(List<StepVma> vmas, int at, StepFocus focus)
    {
        for (int near = Math.Max(at - 1, 0); near <= Math.Min(at + 1, vmas.Count - 1); near++)
        {
            if (vmas[near].Change != StepChange.None)
            {
                return true;
            }
        }

        return focus.Pages.Any(page => page >= vmas[at].Vma.Start && page < vmas[at].Vma.End);
    }

    private static IEnumerable<StepVma> VmasOf(MmImage now, MmImage? before, SteppedSource source)
    {
        if (before is null)
        {
            return now.Vmas.Select(vma => new StepVma(vma, source.NameOf(vma), StepChange.None));
        }

        Dictionary<ulong, VmaImage> starts = before.Vmas.ToDictionary(vma => vma.Start);
        IEnumerable<StepVma> present = now.Vmas.Select(vma => new StepVma(
            vma,
            source.NameOf(vma),
            starts.TryGetValue(vma.Start, out VmaImage? old) && IsSame(old, vma) ? StepChange.None
                : Overlaps(before.Vmas, vma) ? StepChange.Changed
                : StepChange.New));
        IEnumerable<StepVma> gone = before.Vmas
            .Where(vma => !Overlaps(now.Vmas, vma))
            .Select(vma => new StepVma(vma, source.NameOf(vma), StepChange.Gone));
        return present.Concat(gone).OrderBy(vma => vma.Vma.Start);
    }

    private static bool Overlaps(IReadOnlyList<VmaImage> vmas, VmaImage vma)
    {
        (int low, int high) = (0, vmas.Count);
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = vmas[middle].End > vma.Start ? (low, middle) : (middle + 1, high);
        }

        return low < vmas.Count && vmas[low].Start < vma.End;
    }

    private static bool IsSame(VmaImage left, VmaImage right) =>
        left.End == right.End && left.Flags == right.Flags && left.Pgoff == right.Pgoff && left.File == right.File
        && left.AnonVma == right.AnonVma && left.Chain.SequenceEqual(right.Chain)
        && left.AnonPgoff == right.AnonPgoff && left.Traits == right.Traits;

    private static IEnumerable<StepPage> PagesOf(Space now, Space? before, Machine machine)
    {
        foreach ((ulong address, Held held) in now.Pages)
        {
            // What is empty on both sides, and was not even mapped on one of them, has not changed.
            Held old = default;
            bool hasChanged = before is not null
                && !(before.Pages.TryGetValue(address, out old) ? old == held : held == default);
            WalkResult? walk = held.View.Presence == PagePresence.Present ? machine.Walk(now.Mm, address) : null;
            StepChange change = !hasChanged ? StepChange.None
                : old.View.Presence == PagePresence.Empty ? StepChange.New
                : StepChange.Changed;
            yield return new StepPage(Page.AlignDown(address), held.View, held.Names, walk, change);
        }
    }

    private sealed record Space(MmId Mm, MmImage Image, SortedDictionary<ulong, Held> Pages);

    /// <summary>A page, and what its frame names.</summary>
    private readonly record struct Held(PageView View, int Names);
}
