using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Families;

/// <summary>What one design would hold for the address spaces of a snapshot.</summary>
/// <remarks>
/// A machine of the design is loaded with all of them at once. What it holds then follows from VMAs and graph alone;
/// what depends on pages is not in it (<see cref="PerPage"/>).
/// </remarks>
public sealed record DesignHoldings
{
    /// <summary>The design as it was asked for.</summary>
    public required DesignChoice Design { get; init; }

    /// <summary>The design's own objects, without those that every machine has.</summary>
    public required IReadOnlyList<HeldObjects> Objects { get; init; }

    /// <summary>VMAs loaded; the same in every design.</summary>
    public required long Vmas { get; init; }

    /// <summary>
    /// Address spaces that are not in it: they changed so much while they were read that no kernel can have them.
    /// </summary>
    public required int LeftOut { get; init; }

    /// <summary>
    /// Bytes of the structs anon_vma (96) and anon_vma_chain (64) that the kernel has for the address spaces that are
    /// in it: what <see cref="Bytes"/> may be compared with.
    /// </summary>
    public required long KernelBytes { get; init; }

    /// <summary>
    /// What it holds besides for pages, in bytes; null if it holds nothing for them, or pages are not known.
    /// </summary>
    public required PageHoldings? PerPage { get; init; }

    /// <summary>Bytes of <see cref="Objects"/>.</summary>
    public long Bytes => Objects.Sum(held => held.Bytes);

    /// <summary>
    /// Loads the graph into a machine of every design, as many at once as <paramref name="jobs"/> says.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="designs">The designs, in the order of the result.</param>
    /// <param name="jobs">Machines that are loaded at once; at least 1.</param>
    /// <param name="memoryLimitBytes">What a machine may take of memory; those loaded at once share it.</param>
    /// <param name="loaded">Told the name of each design that is done, from any thread.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="MemoryLimitException">One would need more.</exception>
    public static IReadOnlyList<DesignHoldings> Of(
        FamilyGraph graph,
        IReadOnlyList<DesignChoice> designs,
        int jobs,
        long memoryLimitBytes = MemoryBudget.DefaultLimitBytes,
        Action<string>? loaded = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(designs);
        LoadOrder order = LoadOrder.Of(graph);
        DesignHoldings[] results = new DesignHoldings[designs.Count];
        MachinesAtOnce.Run(
            designs.Count,
            jobs,
            memoryLimitBytes,
            (at, limitBytes) =>
            {
                MachineOptions options = new() { MemoryLimitBytes = limitBytes, Cancellation = cancellation };
                results[at] = Load(graph, order, designs[at], options);
                loaded?.Invoke(designs[at].Name);
            },
            cancellation);
        return results;
    }

    /// <summary>Loads the graph into one machine, which is the caller's to ask.</summary>
    public static Machine Machine(FamilyGraph graph, DesignChoice design)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(design);
        return Machine(graph, LoadOrder.Of(graph), design, new MachineOptions());
    }

    private static DesignHoldings Load(
        FamilyGraph graph, LoadOrder order, DesignChoice design, MachineOptions options)
    {
        Machine machine = Machine(graph, order, design, options);
        return new DesignHoldings
        {
            Design = design,
            Objects = [.. machine.Ledger.Rows.Where(row => !ObjectFigures.IsOfEveryMachine(row.Name))
                .Select(row => new HeldObjects(row.Name, row.SizeBytes, row.Live))],
            Vmas = machine.Ledger.Rows.First(row => row.Name == "vm_area_struct").Live,
            LeftOut = order.LeftOut.Count,
            KernelBytes = order.KernelBytes,
            PerPage = PageHoldings.Of(graph, design.Entry.Facts),
        };
    }

    private static Machine Machine(
        FamilyGraph graph, LoadOrder order, DesignChoice design, MachineOptions options)
    {
        Machine machine = HostMachine.For(graph.Snapshot.Header, design, options);
        OpenFiles files = new(machine);
        foreach (FileIdentity file in graph.Snapshot.Files)
        {
            files.Define(file);
        }

        RelatedImage[] images = [.. order.Images.Select(one => one with { Image = files.Translate(one.Image) })];
        Errno errno = machine.CreateMms(images, out IReadOnlyList<MmId> mms).Errno;
        Invariant.Require(errno == Errno.None);
        foreach (int ended in order.Ended)
        {
            machine.ReleaseMm(mms[ended]);
        }

        return machine;
    }
}

/// <summary>Objects of one type.</summary>
/// <param name="Name">The type.</param>
/// <param name="SizeBytes">Bytes of one.</param>
/// <param name="Count">How many.</param>
public sealed record HeldObjects(string Name, int SizeBytes, long Count)
{
    /// <summary>Bytes of all.</summary>
    public long Bytes => Count * SizeBytes;
}
