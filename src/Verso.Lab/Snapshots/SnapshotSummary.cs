using Verso.Engine.Images;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Snapshots;

/// <summary>What a snapshot comes to: objects of the kernel, in all and by process.</summary>
/// <remarks>
/// Bytes are those of the slab on x86-64 6.18.44: vm_area_struct 192, anon_vma 104, anon_vma_chain 64.
/// </remarks>
public sealed record SnapshotSummary
{
    /// <summary>A slot of the slab of vm_area_struct.</summary>
    public const int VmaBytes = 192;

    /// <summary>A slot of the slab of anon_vma.</summary>
    public const int AnonVmaBytes = 104;

    /// <summary>
    /// The struct in it: the slab keeps its list of free slots outside of what a constructor has made.
    /// </summary>
    public const int AnonVmaStructBytes = 96;

    /// <summary>A slot of the slab of anon_vma_chain.</summary>
    public const int ChainEntryBytes = 64;

    /// <summary>What so many anon_vmas and anon_vma_chains take.</summary>
    public static long ReverseMapBytes(long anonVmas, long chainEntries) =>
        (anonVmas * AnonVmaBytes) + (chainEntries * ChainEntryBytes);

    /// <summary>Processes read.</summary>
    public required int Processes { get; init; }

    /// <summary>Their address spaces: fewer than processes where some share one.</summary>
    public required int AddressSpaces { get; init; }

    /// <summary>VMAs, each address space counted once.</summary>
    public required long Vmas { get; init; }

    /// <summary>Different anon_vmas that chains name.</summary>
    public required long AnonVmas { get; init; }

    /// <summary>Of these, those that are the root of a family.</summary>
    public required long Roots { get; init; }

    /// <summary>Entries of all chains: as many anon_vma_chains.</summary>
    public required long ChainEntries { get; init; }

    /// <summary>The longest chain: generations of forks.</summary>
    public required int LongestChain { get; init; }

    /// <summary>Different open files that are mapped.</summary>
    public required int Files { get; init; }

    /// <summary>Private file mappings, and whose their pages are.</summary>
    public required FileMappings FileMappings { get; init; }

    /// <summary>Processes whose VMAs changed while being read, whenever it was tried.</summary>
    public required IReadOnlyList<int> Changed { get; init; }

    /// <summary>The processes, those with the most chain entries first, then by process id.</summary>
    public required IReadOnlyList<ProcessSummary> ByProcess { get; init; }

    /// <summary>Counts.</summary>
    public static SnapshotSummary Of(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        AddressNumbers anonVmas = new(snapshot.Processes.Sum(process => process.Image.AnonVmas.Count));
        long roots = 0;
        int seen = 0;
        HashSet<ulong> known = [];
        int spaces = 0;
        long vmas = 0;
        long entries = 0;
        List<ProcessSummary> processes = [];
        foreach (ProcessGraph process in snapshot.Processes)
        {
            ProcessSummary summary = ProcessSummary.Of(process);
            processes.Add(summary);
            foreach (AnonVmaImage node in process.Image.AnonVmas.AsSpan())
            {
                bool isNew = anonVmas.Of(node.Id) > seen;
                seen = anonVmas.Count;
                roots += isNew && node.Root == node.Id ? 1 : 0;
            }

            // 0 is an address space of which nobody knows whether it is another's: one of its own.
            if (process.Image.Identity == 0 || known.Add(process.Image.Identity))
            {
                spaces++;
                vmas += summary.Vmas;
                entries += summary.ChainEntries;
            }
        }

        return new SnapshotSummary
        {
            Processes = snapshot.Processes.Count,
            AddressSpaces = spaces,
            Vmas = vmas,
            AnonVmas = anonVmas.Count,
            Roots = roots,
            ChainEntries = entries,
            LongestChain = processes.Count == 0 ? 0 : processes.Max(process => process.LongestChain),
            Files = snapshot.Files.Count,
            FileMappings = FileMappings.Of(snapshot),
            Changed = [.. snapshot.Processes.Where(one => one.Reading == GraphReading.Changed).Select(one => one.Pid)],
            ByProcess = [.. processes.OrderByDescending(one => one.ChainEntries).ThenBy(one => one.Pid)],
        };
    }
}

/// <summary>What one process has.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Command">Its name.</param>
/// <param name="Vmas">VMAs; the limit is vm.max_map_count.</param>
/// <param name="AnonVmas">Different anon_vmas that its chains name.</param>
/// <param name="ChainEntries">Entries of its chains.</param>
/// <param name="LongestChain">Its longest chain.</param>
/// <param name="Reading">Whether what was read is of one moment.</param>
public sealed record ProcessSummary(
    int Pid, string Command, int Vmas, int AnonVmas, long ChainEntries, int LongestChain, GraphReading Reading)
{
    /// <summary>Bytes of vm_area_struct and anon_vma_chain, which are this address space's alone.</summary>
    public long OwnBytes => ((long)Vmas * SnapshotSummary.VmaBytes) + (ChainEntries * SnapshotSummary.ChainEntryBytes);

    internal static ProcessSummary Of(ProcessGraph process)
    {
        long entries = 0;
        int longest = 0;
        foreach (VmaImage vma in process.Image.Vmas.AsSpan())
        {
            entries += vma.Chain.Count;
            longest = Math.Max(longest, vma.Chain.Count);
        }

        return new ProcessSummary(
            process.Pid,
            process.Command,
            process.Image.Vmas.Count,
            process.Image.AnonVmas.Count,
            entries,
            longest,
            process.Reading);
    }
}
