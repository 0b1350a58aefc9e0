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

    /// <summary>As <see cref="Scenario.MaxMaps"/>.</summary>
    public int MaxMaps { get; init; }

    /// <summary>The same in address spaces that meet vm.max_map_count; 0: in others.</summary>
    public StepMix WithMaxMaps(int count) =>
        count == 0 ? this : this with { Name = $"{Name}, at most {count} VMAs", MaxMaps = count };

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
    ]);

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
    };
}
