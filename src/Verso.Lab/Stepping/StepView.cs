using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Scenarios;
using Verso.Traces;

namespace Verso.Lab.Stepping;

/// <summary>What a step has done to something.</summary>
public enum StepChange
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It is new.</summary>
    New = 1,

    /// <summary>It was there, and differs.</summary>
    Changed = 2,

    /// <summary>It is no more.</summary>
    Gone = 3,
}

/// <summary>What people look for in a long row of steps.</summary>
[Flags]
public enum StepMarks
{
    None = 0,

    /// <summary>An address space was copied.</summary>
    Fork = 1 << 0,

    /// <summary>VMAs became one.</summary>
    Merge = 1 << 1,

    /// <summary>A merge was tried and refused.</summary>
    Refusal = 1 << 2,

    /// <summary>A call ended with an error, or an access with a signal.</summary>
    Error = 1 << 3,
}

/// <summary>One step on one machine, and the state after it with what changed: what is printed is made of it.</summary>
public sealed record StepView
{
    /// <summary>Its number, counted from 1.</summary>
    public required long Number { get; init; }

    /// <summary>The design of the machine, as it was asked for.</summary>
    public required string Design { get; init; }

    /// <summary>The step of a scenario; null: it is an event of a recording.</summary>
    public Op? Op { get; init; }

    /// <summary>The event, if it is no step of a scenario.</summary>
    public TraceEvent Event { get; init; }

    /// <summary>How it ended, as scenarios say it; empty for a plain success, and of events.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>The kernel's function that does it; empty where it is none's.</summary>
    public required string Function { get; init; }

    public required StepMarks Marks { get; init; }

    /// <summary>The boundaries that it tested, in order.</summary>
    public required IReadOnlyList<StepMerge> Merges { get; init; }

    /// <summary>Of a scenario all address spaces; of a recording those that the event is about.</summary>
    public required IReadOnlyList<StepSpace> Spaces { get; init; }

    /// <summary>The kernel's objects on this machine, those of the design last.</summary>
    public required IReadOnlyList<StepObjects> Objects { get; init; }

    /// <summary>Where the pages of a scenario are; null: addresses are shown.</summary>
    public Window? Window { get; init; }

    /// <summary>Pages that the scenario names anywhere, so that pictures of all its steps agree.</summary>
    public IReadOnlyCollection<long> NamedPages { get; init; } = [];
}

/// <summary>One test of one boundary.</summary>
/// <param name="Space">The address space, as it is named elsewhere.</param>
/// <param name="Trial">What was tested, and what was found.</param>
public sealed record StepMerge(string Space, MergeTrial Trial);

/// <summary>An address space.</summary>
/// <param name="Name">The letter of a scenario, the number of a trace.</param>
/// <param name="Change">Whether the step made it, ended it, or changed something in it.</param>
/// <param name="VmaCount">How many VMAs it has.</param>
/// <param name="Vmas">By address, gone ones among them; of a recording those that changed, and who is beside.</param>
/// <param name="Pages">By address, those that are looked at.</param>
/// <param name="Untold">How many more VMAs changed.</param>
public sealed record StepSpace(
    string Name,
    StepChange Change,
    int VmaCount,
    IReadOnlyList<StepVma> Vmas,
    IReadOnlyList<StepPage> Pages,
    int Untold);

/// <summary>A VMA.</summary>
/// <param name="Vma">It.</param>
/// <param name="File">What is mapped: the letter of a scenario, a path; empty for anonymous memory.</param>
/// <param name="Change">What the step did to it.</param>
public sealed record StepVma(VmaImage Vma, string File, StepChange Change)
{
    /// <summary>Whether anonymous memory is at another address than the one its page offset says.</summary>
    public bool IsMoved => Vma.File.IsNone && Vma.Pgoff != Vma.Start >> Engine.Page.Shift;
}

/// <summary>A page of an address space.</summary>
/// <param name="Address">Its first byte.</param>
/// <param name="View">What the page table holds.</param>
/// <param name="Names">What the frame names: a handle of the design, or of an inode; 0: nothing.</param>
/// <param name="Walk">What a walk for it visits, and finds; null: there is no frame.</param>
/// <param name="Change">What the step did to all this, the walk apart.</param>
public sealed record StepPage(ulong Address, PageView View, int Names, WalkResult? Walk, StepChange Change)
{
    /// <summary>
    /// One letter: as <see cref="PageCell.Letter"/> has it, <c>h</c> for a page that an object holds and no entry maps,
    /// <c>f</c> for one of a file.
    /// </summary>
    public char Letter => View.Presence switch
    {
        PagePresence.Held => 'h',
        PagePresence.Present when !View.Anonymous => 'f',
        _ => new PageCell(View.Presence, View.MapCount, View.Exclusive, 0).Letter,
    };
}

/// <summary>Objects of one type.</summary>
/// <param name="Name">The kernel's name for it.</param>
/// <param name="Live">How many there are.</param>
/// <param name="More">How many more than before the step.</param>
public sealed record StepObjects(string Name, long Live, long More);
