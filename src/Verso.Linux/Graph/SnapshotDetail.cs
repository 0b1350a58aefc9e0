namespace Verso.Linux.Graph;

/// <summary>What a snapshot is to hold.</summary>
public enum SnapshotDetail
{
    /// <summary>VMAs and the graph of their anon_vmas.</summary>
    Graph,

    /// <summary>
    /// What is resident, swapped out and in page tables too: one file of /proc for each process, of which the kernel
    /// writes sixty lines for the five that are wanted.
    /// </summary>
    GraphAndMemory,
}
