using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Compares what two stages show of the same address spaces: VMAs, graph, pages, bytes.</summary>
/// <param name="kernel">The one that is right.</param>
/// <param name="engine">The other.</param>
/// <param name="window">Which pages are looked at.</param>
internal sealed class StageComparison(IStage kernel, IStage engine, Window window)
{
    private const int PagesInAll = Window.Pages + (2 * Window.PagesAround);

    private readonly GraphBijection _graph = new();
    private readonly Dictionary<FileId, FileId> _modelledOf = [];
    private readonly Dictionary<FileId, FileId> _realOf = [];

    /// <summary>The first difference as text, or null.</summary>
    public string? Compare(IEnumerable<char> mms)
    {
        _graph.Begin();
        _modelledOf.Clear();
        _realOf.Clear();
        foreach (char mm in mms)
        {
            MmImage real = kernel.Capture(mm);
            MmImage modelled = engine.Capture(mm);
            string? difference = CompareVmas(real, modelled) ?? _graph.Compare(real, modelled) ?? ComparePages(mm);
            if (difference is not null)
            {
                return $"{mm}: {difference}";
            }
        }

        return null;
    }

    private string? CompareVmas(MmImage real, MmImage modelled)
    {
        for (int at = 0; at < Math.Max(real.Vmas.Count, modelled.Vmas.Count); at++)
        {
            VmaImage? ours = at < modelled.Vmas.Count ? modelled.Vmas[at] : null;
            VmaImage? theirs = at < real.Vmas.Count ? real.Vmas[at] : null;
            bool equal = ours is not null && theirs is not null
                && ours.Start == theirs.Start && ours.End == theirs.End && ours.Pgoff == theirs.Pgoff
                && ((ours.Flags ^ theirs.Flags) & ~VmaFlags.SoftDirty) == 0
                && engine.NameOf(ours) == kernel.NameOf(theirs) && AreOneFile(theirs.File, ours.File);
            if (!equal)
            {
                return $"VMA {at + 1}: {Describe(engine, ours)}, kernel {Describe(kernel, theirs)}";
            }
        }

        return null;
    }

    /// <summary>Objects of shared memory have no names: they correspond one to one.</summary>
    private bool AreOneFile(FileId real, FileId modelled)
    {
        _modelledOf.TryAdd(real, modelled);
        _realOf.TryAdd(modelled, real);
        return _modelledOf[real] == modelled && _realOf[modelled] == real;
    }

    private string Describe(IStage stage, VmaImage? vma) => vma is null ? "none" : string.Create(
        CultureInfo.InvariantCulture,
        $"{window.PageOf(vma.Start)}-{window.PageOf(vma.End)} {vma.Flags} pgoff {vma.Pgoff:x} {stage.NameOf(vma)}");

    private string? ComparePages(char mm)
    {
        Span<PageCell> real = stackalloc PageCell[PagesInAll];
        Span<PageCell> modelled = stackalloc PageCell[PagesInAll];
        kernel.ReadPages(mm, -Window.PagesAround, real);
        engine.ReadPages(mm, -Window.PagesAround, modelled);
        if (real.SequenceEqual(modelled))
        {
            return null;
        }

        int at = real.CommonPrefixLength(modelled);
        return $"page {at - Window.PagesAround} is {modelled[at]}; kernel {real[at]}";
    }
}
