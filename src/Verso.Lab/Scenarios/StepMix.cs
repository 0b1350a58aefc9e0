namespace Verso.Lab.Scenarios;

/// <summary>What random scenarios are made of.</summary>
/// <param name="Name">One word.</param>
/// <param name="Weights">How often which kind of step.</param>
public sealed record StepMix(string Name, IReadOnlyList<(int Weight, OpKind Kind)> Weights)
{
    /// <summary>Percent of the calls with an address or a length that is not whole pages.</summary>
    public int OddPercent { get; init; }

    /// <summary>
    /// Percent of the mappings that are stacks, of those that are droppable, and of those that can be run; of the
    /// advice that is MADV_COLLAPSE.
    /// </summary>
    public int RarePercent { get; init; }

    /// <summary>
    /// Percent of the mappings that ask for more than any machine has. Only where that is refused: what is locked would
    /// be populated.
    /// </summary>
    public int HugePercent { get; init; }

    /// <summary>
    /// Percent of the flags, policies and files that programs seldom name, and of flags that no kernel knows.
    /// </summary>
    public int StrangePercent { get; init; }

    /// <summary>
    /// Percent of the mappings whose place the kernel chooses, or is given far hints for, large ones among them.
    /// </summary>
    public int PlacedPercent { get; init; }

    /// <summary>Percent of the mappings that are stacks, beside those of <see cref="RarePercent"/>.</summary>
    public int StackPercent { get; init; }

    /// <summary>Percent of the moves that take the whole window along.</summary>
    public int WholePercent { get; init; }

    /// <summary>Percent of the moves that are asked to relocate: refused, and perhaps taken without it then.</summary>
    public int AskPercent { get; init; }

    /// <summary>Letters that address spaces are called by; so many live at most.</summary>
    public string Letters { get; init; } = "ABCDE";

    /// <summary>As <see cref="Scenario.Beginning"/>.</summary>
    public Beginning Beginning { get; init; }

    /// <summary>As <see cref="Scenario.MaxMaps"/>.</summary>
    public int MaxMaps { get; init; }

    /// <summary>As <see cref="Scenario.MemlockPages"/>.</summary>
    public int? MemlockPages { get; init; }

    /// <summary>
    /// The same in address spaces that meet vm.max_map_count; 0: in others. What fills them is more than their owner
    /// could be allowed to lock: there is no <see cref="MemlockPages"/> then.
    /// </summary>
    public StepMix WithMaxMaps(int count) => count == 0
        ? this
        : this with { Name = $"{Name}, at most {count} VMAs", MaxMaps = count, MemlockPages = null };

    /// <summary>The same, for kernels that know names of anonymous memory: there its seeds mean other steps.</summary>
    public StepMix WithNames() => this with { Name = $"{Name}, names", Weights = [.. Weights, (4, OpKind.Name)] };

    /// <summary>What the abstract model of an address space knows, swapping and migration included.</summary>
    public static StepMix Modelled { get; } = new("modelled",
    [
        (34, OpKind.Write), (9, OpKind.Read), (10, OpKind.Map), (5, OpKind.File), (4, OpKind.Unmap),
        (9, OpKind.Protect), (11, OpKind.Remap), (13, OpKind.Advise), (2, OpKind.Brk), (3, OpKind.Lock),
        (2, OpKind.Unlock), (1, OpKind.LockAll), (1, OpKind.UnlockAll), (1, OpKind.Policy), (8, OpKind.Fork),
        (1, OpKind.Share), (4, OpKind.Exit), (1, OpKind.Exec), (2, OpKind.Truncate), (2, OpKind.Punch),
        (6, OpKind.SwapOut), (4, OpKind.Migrate),
    ])
    {
        AskPercent = 20,
    };

    /// <summary>Everything a process can do to its memory, and that a kernel without swap shows.</summary>
    public static StepMix Everything { get; } = new("everything",
    [
        .. Modelled.Weights.Where(each => each.Kind is not (OpKind.SwapOut or OpKind.Migrate)),
        (2, OpKind.Run), (1, OpKind.Begin), (2, OpKind.Attach), (1, OpKind.Detach),
        (1, OpKind.Limit), (1, OpKind.Seal), (1, OpKind.MergeAny), (1, OpKind.DenyExec),
        (2, OpKind.Watch), (1, OpKind.Unwatch), (1, OpKind.Forget),
        (2, OpKind.FillCopy), (1, OpKind.FillZero), (1, OpKind.FillMove),
    ])
    {
        OddPercent = 6,
        RarePercent = 6,
        HugePercent = 2,
        StrangePercent = 3,
        PlacedPercent = 2,
    };

    /// <summary>Many forks and exits, of up to fifteen processes.</summary>
    public static StepMix Families { get; } = Mostly(
        "families", (24, OpKind.Fork), (18, OpKind.Exit), (6, OpKind.Map), (4, OpKind.Exec)) with
    {
        Letters = "ABCDEFGHIJKLMNO",
    };

    /// <summary>mremap, of several VMAs and of the whole window too.</summary>
    public static StepMix Moves { get; } =
        Mostly("moves", (60, OpKind.Remap), (16, OpKind.Map)) with { WholePercent = 12 };

    /// <summary>The kernel chooses addresses, of large mappings too, and stacks grow.</summary>
    public static StepMix Placement { get; } = Mostly(
        "placement", (40, OpKind.Map), (20, OpKind.File), (12, OpKind.Unmap), (14, OpKind.Remap)) with
    {
        PlacedPercent = 60,
        StackPercent = 20,
    };

    /// <summary>System V shared memory.</summary>
    public static StepMix Segments { get; } =
        Mostly("segments", (16, OpKind.Attach), (10, OpKind.Detach), (16, OpKind.Protect), (16, OpKind.Remap));

    /// <summary>Locking without CAP_IPC_LOCK.</summary>
    public static StepMix Locks { get; } = Mostly(
        "locks",
        (20, OpKind.Map),
        (16, OpKind.Lock),
        (10, OpKind.Unlock),
        (4, OpKind.LockAll),
        (2, OpKind.UnlockAll)) with
    {
        StackPercent = 10,
        MemlockPages = 20,
    };

    /// <summary>Everything, in programs as exec leaves them: their images, heaps and stacks.</summary>
    public static StepMix Programs { get; } =
        Mostly("programs", (10, OpKind.Brk), (2, OpKind.Exec), (14, OpKind.Fork), (3, OpKind.LockAll)) with
        {
            Beginning = Beginning.Program,
            OddPercent = 20,
        };

    /// <summary>All that are about what a kernel can do.</summary>
    public static IReadOnlyList<StepMix> OfKernels { get; } =
        [Everything, Families, Moves, Placement, Segments, Locks, Programs];

    /// <summary>Everything, some of it at these weights.</summary>
    private static StepMix Mostly(string name, params (int Weight, OpKind Kind)[] more) => Everything with
    {
        Name = name,
        Weights = [.. Everything.Weights.Where(each => more.All(other => other.Kind != each.Kind)), .. more],
    };
}
