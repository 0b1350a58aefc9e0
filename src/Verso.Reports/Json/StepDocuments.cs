using Verso.Engine.Vmas;
using Verso.Lab.Stepping;
using Verso.Lab.Words;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary><c>verso step -j</c>, a document a step: the state after it, and what changed.</summary>
/// <example>verso step scenarios/merge/forked-target.txt --at 5 -j</example>
/// <example>verso step examples/bash-pipeline.verso --at 90 -j</example>
/// <param name="Schema"><c>verso-step/1</c></param>
/// <param name="Name">The file.</param>
/// <param name="Step">The number of the step, or of the event, from 1.</param>
/// <param name="Text">The step or event as text.</param>
/// <param name="Outcome">How it ended, as in scenarios; left out of a plain success, and of events.</param>
/// <param name="Function">The kernel's function; left out where it is none's.</param>
/// <param name="TimeNanoseconds">When the event was, from the beginning; left out of a scenario.</param>
/// <param name="Task">The thread of the event; left out of a scenario.</param>
/// <param name="Space">The address space of the event; left out of a scenario.</param>
/// <param name="Designs">A machine each.</param>
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
/// <param name="Name">As it was asked for.</param>
/// <param name="Marks"><c>fork</c>, <c>merge</c>, <c>refusal</c>, <c>error</c>: what happened.</param>
/// <param name="Merges">The boundaries that were tested, in order.</param>
/// <param name="Spaces">Of a scenario all address spaces, of a recording those that the event is about.</param>
/// <param name="Objects">The kernel's objects on this machine, by type.</param>
public sealed record SteppedDesignDocument(
    string Name,
    IReadOnlyList<string> Marks,
    IReadOnlyList<StepMergeDocument> Merges,
    IReadOnlyList<StepSpaceDocument> Spaces,
    IReadOnlyDictionary<string, StepObjectsDocument> Objects);

/// <summary>One test of one boundary.</summary>
/// <param name="Space">The address space, as it is named elsewhere.</param>
/// <param name="Start"><unit>address</unit> The range that would become part of a neighbour.</param>
/// <param name="End"><unit>address</unit> Its end, exclusive.</param>
/// <param name="FirstPage">Its first page in the window of a scenario; left out of a recording.</param>
/// <param name="Pages">Its length; left out of a recording.</param>
/// <param name="Side">The neighbour: <c>lower</c>, <c>upper</c>, or <c>bridge</c>: both with the range.</param>
/// <param name="Failed">Every failed test, in kernel order; empty if it passed.</param>
public sealed record StepMergeDocument(
    string Space, string Start, string End, long? FirstPage, long? Pages, string Side, IReadOnlyList<string> Failed);

/// <summary>An address space after the step.</summary>
/// <param name="Name">The letter of a scenario, the number of a trace.</param>
/// <param name="Change">What the step did to it: <c>none</c>, <c>new</c>, <c>changed</c>, <c>gone</c>.</param>
/// <param name="VmaCount">VMAs that it has.</param>
/// <param name="Vmas">By address, gone ones among them; of a recording those that changed, and who is beside.</param>
/// <param name="ChangedVmasUntold">VMAs that changed too and are not in <c>vmas</c>.</param>
/// <param name="Pages">By address, those that are looked at.</param>
public sealed record StepSpaceDocument(
    string Name,
    string Change,
    int VmaCount,
    IReadOnlyList<StepVmaDocument> Vmas,
    int ChangedVmasUntold,
    IReadOnlyList<StepPageDocument> Pages);

/// <summary>A VMA.</summary>
/// <param name="Change">What the step did to it: <c>none</c>, <c>new</c>, <c>changed</c>, <c>gone</c>.</param>
/// <param name="Start"><unit>address</unit> Its first byte.</param>
/// <param name="End"><unit>address</unit> Its end, exclusive.</param>
/// <param name="FirstPage">Its first page in the window of a scenario; left out of a recording.</param>
/// <param name="Pages">Its length; left out of a recording.</param>
/// <param name="Access">As in <c>/proc/PID/maps</c>: <c>rw-p</c>.</param>
/// <param name="Flags">Names of its other flags, with blanks between; <c>none</c>.</param>
/// <param name="File">The letter of a scenario, or a path; left out of anonymous memory.</param>
/// <param name="Pgoff">Its page offset.</param>
/// <param name="AnonVma">The number of its <c>anon_vma</c>; left out if it has none.</param>
/// <param name="Chain">The numbers of its chain, newest first.</param>
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

/// <summary>A page.</summary>
/// <param name="Change">What the step did to it: <c>none</c>, <c>new</c>, <c>changed</c>, <c>gone</c>.</param>
/// <param name="Address"><unit>address</unit> Its first byte.</param>
/// <param name="Page">Its number in the window of a scenario; left out of a recording.</param>
/// <param name="Presence">
/// What the page table holds: <c>empty</c>, <c>present</c>, <c>zero-page</c>, <c>guard</c>, <c>swapped</c>,
/// <c>held</c> (an object holds the page).
/// </param>
/// <param name="Frame">The number of its frame. This and what follows: only where there is one.</param>
/// <param name="MapCount">Entries that map the frame.</param>
/// <param name="Exclusive">PageAnonExclusive.</param>
/// <param name="Writable">Whether the entry allows writing.</param>
/// <param name="Names">What the frame names: the number of an object of the design, or of an inode.</param>
/// <param name="Visited">Candidates that a walk for it visits.</param>
/// <param name="Useful">Of these, those that map it.</param>
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

/// <summary>Objects of one type.</summary>
/// <param name="Live">How many there are.</param>
/// <param name="More">How many more than before the step.</param>
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
