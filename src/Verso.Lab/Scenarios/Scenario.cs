using System.Globalization;
using System.Text;
using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>Steps to take, what is special about the machine, and what a kernel made of it. Readable as text.</summary>
/// <remarks>
/// <code>
///   # why this scenario exists
///   option lazyfree drop
///   option program                     processes begin as exec leaves a program
///   option maxmaps 12
///   option memlock 20
///   option unit 512
///   option keys                        the processor has protection keys
///   map A 4 3 rw
///   protect A 9 1 r-  -> ENOMEM        what the step returned, if that is not success
///   A: 4+3 rw 1 .x.                    the state of A at this point: see StateText
/// </code>
/// </remarks>
public sealed record Scenario(IReadOnlyList<Op> Ops)
{
    /// <summary>What was given or read as its name; empty if it has none.</summary>
    public string Name { get; init; } = "";

    /// <summary>What is remarked above the first step and beside it, without the marks.</summary>
    public string Purpose { get; init; } = "";

    /// <summary>Comment lines further down, in order.</summary>
    public IReadOnlyList<Remark> Remarks { get; init; } = [];

    public LazyFree LazyFree { get; init; } = LazyFree.Keep;

    /// <summary>The files there are; those of the window unless the scenario was made from a trace.</summary>
    public IReadOnlyList<WindowFile> Files { get; init; } = Window.Files;

    /// <summary>What of the recording it was made from is in it; null: it was made from none.</summary>
    public RecordedCalls? Recording { get; init; }

    /// <summary>What is compared after a step.</summary>
    public ComparedSpaces Compared { get; init; } = ComparedSpaces.All;

    /// <summary>What processes have at first.</summary>
    public Beginning Beginning { get; init; }

    /// <summary>Who is asked what the kernel did.</summary>
    public Witnesses Witnesses { get; init; }

    /// <summary>The largest <see cref="MaxMaps"/> that a kernel can play.</summary>
    public const int MostMaxMaps = 64;

    /// <summary>Pages of a huge page.</summary>
    internal const long HugePage = 512;

    /// <summary>vm.max_map_count, as if the kernel's were so small; 0 for the default.</summary>
    public int MaxMaps { get; init; }

    /// <summary>
    /// RLIMIT_MEMLOCK, in pages, of every process that no other one forked, without CAP_IPC_LOCK; null: none.
    /// </summary>
    public int? MemlockPages { get; init; }

    /// <summary>The limits that such a process begins with.</summary>
    public MmLimits Limits => MemlockPages is int pages
        ? MmLimits.Unlimited with { MemlockBytes = (ulong)pages << Page.Shift }
        : MmLimits.Unlimited;

    /// <summary>Pages of the machine that each page of the scenario stands for.</summary>
    public int PagesPerUnit { get; init; } = 1;

    /// <summary>
    /// A step that makes no sense when it is reached (of a dead address space) is an error, and not skipped.
    /// </summary>
    public bool IsStrict { get; init; }

    /// <summary>What a kernel answered, by the number of the step; no entry where nothing is expected.</summary>
    public IReadOnlyDictionary<int, string> Outcomes { get; init; } = new Dictionary<int, string>();

    /// <summary>The states a kernel was in, in order.</summary>
    public IReadOnlyList<Expectation> States { get; init; } = [];

    /// <summary>
    /// Why kernel and engine cannot both play it, with the first step or option that says so; null if they can.
    /// </summary>
    public string? WhyNotInLockStep => OnlyForEngine is string only ? $"{only}: only --engine can do this"
        : Ops.FirstOrDefault(MakesHugePages) is Op collapse
            ? $"{collapse}: the kernel makes huge pages here, which the engine does not model"
        : null;

    /// <summary>Whether the processor is to have protection keys.</summary>
    public ProtectionKeys Keys { get; init; } = ProtectionKeys.None;

    /// <summary>The machine that it was written for.</summary>
    public HostTraits Host => new(AnonymousNames.Kept, Keys);

    /// <summary>
    /// Why a machine need not answer as the scenario says, in a few words; null if it must: names are refused without
    /// CONFIG_ANON_VMA_NAME, execute-only memory is another where there are protection keys, and what is read before it
    /// is written is another where there is no zero page.
    /// </summary>
    public string? WhyOtherwise(HostTraits host) =>
        host.Names == AnonymousNames.Refused && Ops.Any(op => op.Kind == OpKind.Name)
            ? "this kernel has no CONFIG_ANON_VMA_NAME"
        : host.Vdso != Host.Vdso && Ops.Any(op => op.Kind == OpKind.Vdso)
            ? "this kernel's vDSO has different sizes"
        : host.Keys != Keys && Ops.Any(op => op.IsAboutKeys)
            ? Keys == ProtectionKeys.None
                ? "this processor has protection keys (option keys)"
                : "this processor has no protection keys"
        : host.Zeroes != Host.Zeroes && Ops.Any(op => op.MayReadFirst)
            ? "this kernel maps no zero page"
        : host.Files != Host.Files && Ops.Any(op => op.Kind == OpKind.File && op.Count >= HugePage)
            ? "the file system of the temporary directory (TMPDIR) does not place files for huge pages"
        : Ops.Any(op => host.Commits(op.MostPages) != Host.Commits(op.MostPages))
            ? "this machine has a different commit limit (vm.overcommit_memory, its size)"
        : null;

    /// <summary>The scenario in a text. Throws <see cref="FormatException"/>, with the number of the line.</summary>
    public static Scenario Parse(string text) => new ScenarioParser().Parse(text);

    public override string ToString()
    {
        StringBuilder text = new();
        foreach (string line in Purpose.Length == 0 ? [] : Purpose.Split('\n'))
        {
            text.Append($"# {line}".TrimEnd()).Append('\n');
        }

        if (LazyFree != LazyFree.Keep)
        {
            text.Append("option lazyfree ").Append(LazyFree.ToString().ToLowerInvariant()).Append('\n');
        }

        if (Beginning == Beginning.Program)
        {
            text.Append("option program\n");
        }

        if (MaxMaps != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"option maxmaps {MaxMaps}\n");
        }

        if (MemlockPages is int locked)
        {
            text.Append(CultureInfo.InvariantCulture, $"option memlock {locked}\n");
        }

        if (PagesPerUnit != 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"option unit {PagesPerUnit}\n");
        }

        if (Keys == ProtectionKeys.Present)
        {
            text.Append("option keys\n");
        }

        for (int at = 0; at < Ops.Count; at++)
        {
            AppendRemarks(text, at);
            text.Append(OpText.Print(Ops[at]));
            if (Outcomes.TryGetValue(at, out string? outcome))
            {
                text.Append($"  -> {outcome}".TrimEnd());
            }

            text.Append('\n');
            foreach (Expectation state in States.Where(state => state.After == at))
            {
                text.Append($"{state.Mm}: {state.Text}".TrimEnd()).Append('\n');
            }
        }

        AppendRemarks(text, Ops.Count);
        return text.ToString();
    }

    private string? OnlyForEngine => MaxMaps > MostMaxMaps ? $"option maxmaps beyond {MostMaxMaps}"
        : PagesPerUnit != 1 ? "option unit"
        : LazyFree != LazyFree.Keep ? "option lazyfree"
        : Ops.FirstOrDefault(op => op.IsService || op.Kind == OpKind.Fail)?.ToString();

    /// <summary>MADV_COLLAPSE of at least one whole huge page.</summary>
    private static bool MakesHugePages(Op op)
    {
        const ulong Bytes = (ulong)HugePage << Page.Shift;
        Window window = new(1);
        ulong start = StageRequests.Start(op, window);
        ulong length = StageRequests.Length(op, window);
        return op is { Kind: OpKind.Advise, Advice: Advice.Collapse }
            && length >= Bytes && (start + length) / Bytes > (start + Bytes - 1) / Bytes;
    }

    private void AppendRemarks(StringBuilder text, int before)
    {
        foreach (Remark remark in Remarks.Where(remark => remark.Before == before))
        {
            text.Append($"# {remark.Text}".TrimEnd()).Append('\n');
        }
    }
}

/// <summary>A comment line.</summary>
/// <param name="Before">The number of the step it stands above.</param>
/// <param name="Text">Without its mark.</param>
public sealed record Remark(int Before, string Text);

/// <summary>Which address spaces are compared after a step.</summary>
public enum ComparedSpaces
{
    /// <summary>All that live.</summary>
    All = 0,

    /// <summary>The one the step was about; all of them after a fork, an exit and every hundredth step.</summary>
    Acting = 1,
}

/// <summary>Who is asked what a kernel did.</summary>
public enum Witnesses
{
    /// <summary>The readers of kernel memory, of pages and of bytes.</summary>
    Readers = 0,

    /// <summary>And /proc/PID/status and smaps.</summary>
    ReadersAndProc = 1,
}

/// <summary>The state of an address space after a step.</summary>
/// <param name="After">The number of the step.</param>
/// <param name="Mm">The address space.</param>
/// <param name="Text">See <see cref="StateText"/>.</param>
public sealed record Expectation(int After, char Mm, string Text);
