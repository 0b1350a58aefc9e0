using Verso.Engine.Vmas;
using Verso.Lab.Stepping;
using Verso.Lab.Words;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>One step, and what each design makes of it: <c>verso step -j</c>.</summary>
public sealed record StepDocument(
    string Schema,
    string Name,
    long Step,
    string Text,
    string? Outcome,
    string? Function,
    ulong? TimeNanoseconds,
    int? Task,
    string? Space,
    IReadOnlyList<SteppedDesignDocument> Designs);

/// <summary>What one design makes of a step.</summary>
public sealed record SteppedDesignDocument(
    string Name,
    IReadOnlyList<string> Marks,
    IReadOnlyList<StepMergeDocument> Merges,
    IReadOnlyList<StepSpaceDocument> Spaces,
    IReadOnlyDictionary<string, StepObjectsDocument> Objects);

/// <summary>One test of one boundary; pages are those of the window of a scenario.</summary>
public sealed record StepMergeDocument(
    string Space, string Start, string End, long? FirstPage, long? Pages, string Side, IReadOnlyList<string> Failed);

/// <summary>An address space after the step.</summary>
public sealed record StepSpaceDocument(
    string Name,
    string Change,
    int VmaCount,
    IReadOnlyList<StepVmaDocument> Vmas,
    int ChangedVmasUntold,
    IReadOnlyList<StepPageDocument> Pages);

/// <summary>A VMA.</summary>
public sealed record StepVmaDocument(
    string Change,
    string Start,
    string End,
    long? FirstPage,
    long? Pages,
    string Access,
    string Flags,
    string? File,
    ulong Pgoff,
    ulong? AnonVma,
    IReadOnlyList<ulong> Chain);

/// <summary>A page; frame and what follows only where there is one.</summary>
public sealed record StepPageDocument(
    string Change,
    string Address,
    long? Page,
    string Presence,
    int? Frame,
    int? MapCount,
    bool? Exclusive,
    bool? Writable,
    int? Names,
    int? Visited,
    int? Useful);

/// <summary>Objects of one type: how many, and how many more than before the step.</summary>
public sealed record StepObjectsDocument(long Live, long More);

/// <summary>Steps turned into documents.</summary>
internal static class StepDocuments
{
    public static StepDocument Of(string name, IReadOnlyList<StepView> views)
    {
        StepView view = views[0];
        bool isEvent = view.Op is null;
        return new StepDocument(
            "verso-step/1",
            name,
            view.Number,
            StepText.Describe(view),
            view.Outcome.Length > 0 ? view.Outcome : null,
            view.Function.Length > 0 ? view.Function : null,
            isEvent ? view.Event.Time : null,
            isEvent ? view.Event.Task : null,
            isEvent ? $"{view.Event.Mm}" : null,
            [.. views.Select(Of)]);
    }

    private static SteppedDesignDocument Of(StepView view) => new(
        view.Design,
        [.. Enum.GetValues<StepMarks>().Where(mark => (view.Marks & mark) != 0).Select(Name)],
        [.. view.Merges.Select(merge => Of(view, merge))],
        [.. view.Spaces.Select(space => Of(view, space))],
        view.Objects.ToDictionary(row => row.Name, row => new StepObjectsDocument(row.Live, row.More)));

    private static StepMergeDocument Of(StepView view, StepMerge merge) => new(
        merge.Space,
        JsonReport.Hex(merge.Trial.Start),
        JsonReport.Hex(merge.Trial.End),
        PageOf(view, merge.Trial.Start),
        PagesOf(view, merge.Trial.Start, merge.Trial.End),
        MergeText.Side(merge.Trial.Side),
        [.. MergeText.Split(merge.Trial.Verdict.Failed).Select(MergeReasons.Name)]);

    private static StepSpaceDocument Of(StepView view, StepSpace space) => new(
        space.Name,
        Name(space.Change),
        space.VmaCount,
        [.. space.Vmas.Select(vma => Of(view, vma))],
        space.Untold,
        [.. space.Pages.Select(page => Of(view, page))]);

    private static StepVmaDocument Of(StepView view, StepVma vma) => new(
        Name(vma.Change),
        JsonReport.Hex(vma.Vma.Start),
        JsonReport.Hex(vma.Vma.End),
        PageOf(view, vma.Vma.Start),
        PagesOf(view, vma.Vma.Start, vma.Vma.End),
        VmaText.Permissions(vma.Vma.Flags),
        VmaText.FlagNames(vma.Vma.Flags & ~(VmaFlags.Access | VmaFlags.MayAccess)),
        vma.File.Length > 0 ? vma.File : null,
        vma.Vma.Pgoff,
        vma.Vma.AnonVma == 0 ? null : vma.Vma.AnonVma,
        vma.Vma.Chain);

    private static StepPageDocument Of(StepView view, StepPage page)
    {
        bool hasFrame = !page.View.Frame.IsNone;
        return new StepPageDocument(
            Name(page.Change),
            JsonReport.Hex(page.Address),
            PageOf(view, page.Address),
            Name(page.View.Presence),
            hasFrame ? page.View.Frame.Value : null,
            hasFrame ? page.View.MapCount : null,
            hasFrame ? page.View.Exclusive : null,
            hasFrame ? page.View.Writable : null,
            hasFrame && page.Names != 0 ? page.Names : null,
            page.Walk?.Visited,
            page.Walk?.Useful);
    }

    private static string Name<T>(T value)
        where T : struct, Enum => Kebab.Of(value.ToString());

    private static long? PageOf(StepView view, ulong address) => view.Window?.PageOf(address);

    private static long? PagesOf(StepView view, ulong start, ulong end) =>
        view.Window is { } window ? window.PageOf(end) - window.PageOf(start) : null;
}
