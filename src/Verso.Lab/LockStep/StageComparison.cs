using System.Globalization;
using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Compares what two stages show of the same address spaces: VMAs, graph, pages, bytes.</summary>
/// <param name="kernel">The one that is right.</param>
/// <param name="engine">The other.</param>
/// <param name="window">Which pages are looked at.</param>
/// <param name="beginning">With a program, pages of its stack are looked at too.</param>
internal sealed class StageComparison(IStage kernel, IStage engine, Window window, Beginning beginning)
{
    private const int PagesInAll = Window.Pages + (2 * Window.PagesAround);

    private readonly List<SpacePair> _spaces = [];
    private readonly GraphDifference _graph = new(new GraphScope
    {
        Flags = ~VmaFlags.SoftDirty,
        Address = address => window.PageOf(address).ToString(CultureInfo.InvariantCulture),
    });

    /// <summary>The first difference as text, or null.</summary>
    /// <param name="mms">The address spaces.</param>
    /// <param name="first">The page from which on pages are compared, as many as a window and its surroundings.</param>
    public string? Compare(IEnumerable<char> mms, long first = -Window.PagesAround)
    {
        _spaces.Clear();
        foreach (char mm in mms)
        {
            _spaces.Add(new SpacePair(mm, engine.Capture(mm), kernel.Capture(mm)));
        }

        // A step may be about no address of user space at all: then those nearest to it are looked at.
        first = Math.Clamp(first, window.PageOf(0), window.PageOf(Page.TaskSize) - PagesInAll);
        long? stack = beginning == Beginning.Program ? window.PageOf(Page.TaskSize) - PagesInAll : null;
        string? difference = _graph.Find(CollectionsMarshal.AsSpan(_spaces));
        foreach (SpacePair space in _spaces)
        {
            difference ??= CompareSums(space) ?? CompareNames(space) ?? ComparePages(space.Letter, first);
            difference ??= stack is long pages ? ComparePages(space.Letter, pages) : null;
        }

        return difference;
    }

    private static string? CompareSums(SpacePair space) =>
        CompareSum(space.Letter, "brk", space.Engine!.Brk, space.Kernel!.Brk)
        ?? CompareSum(space.Letter, "def_flags", (ulong)space.Engine.DefaultFlags, (ulong)space.Kernel.DefaultFlags)
        ?? CompareSum(space.Letter, "total_vm", space.Engine.TotalPages, space.Kernel.TotalPages)
        ?? CompareSum(space.Letter, "locked_vm", space.Engine.LockedPages, space.Kernel.LockedPages);

    private static string? CompareSum(char mm, string name, ulong? engine, ulong? kernel) => engine == kernel
        ? null
        : string.Create(
            CultureInfo.InvariantCulture, $"{mm}: {name} is {engine} in the engine, {kernel} in the kernel");

    /// <summary>
    /// Files that have a letter are the same on both sides, not only as different from each other; and names.
    /// </summary>
    private string? CompareNames(SpacePair space)
    {
        for (int at = 0; at < space.Engine!.Vmas.Count; at++)
        {
            VmaImage ours = space.Engine.Vmas[at];
            if (ours.Traits.Name != space.Kernel!.Vmas[at].Traits.Name)
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{space.Letter} {window.PageOf(ours.Start)}-{window.PageOf(ours.End)}: named "
                    + $"{ours.Traits.Name ?? "nothing"} in the engine, "
                    + $"{space.Kernel.Vmas[at].Traits.Name ?? "nothing"} in the kernel");
            }

            if (!ours.File.IsNone && engine.NameOf(ours) != kernel.NameOf(space.Kernel.Vmas[at]))
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{space.Letter} {window.PageOf(ours.Start)}-{window.PageOf(ours.End)}: file is "
                    + $"{engine.NameOf(ours)} in the engine, {kernel.NameOf(space.Kernel.Vmas[at])} in the kernel");
            }
        }

        return null;
    }

    private string? ComparePages(char mm, long first)
    {
        Span<PageCell> real = stackalloc PageCell[PagesInAll];
        Span<PageCell> modelled = stackalloc PageCell[PagesInAll];
        kernel.ReadPages(mm, first, real);
        engine.ReadPages(mm, first, modelled);
        if (real.SequenceEqual(modelled))
        {
            return null;
        }

        int at = real.CommonPrefixLength(modelled);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{mm} page {first + at}: {modelled[at]} in the engine, {real[at]} in the kernel");
    }
}
