namespace Verso.Engine;

/// <summary>
/// What the arenas of a machine take of the host's memory, about, and how much that may be: a few bytes of a scenario
/// or a trace can ask for more than there is.
/// </summary>
/// <remarks>
/// Arenas keep what was given back, so only a new peak of some type of object counts. That is a property of the machine
/// alone: the same steps end at the same place everywhere.
/// </remarks>
/// <param name="limitBytes">How much it may be.</param>
/// <param name="cancellation">Looked at as it grows.</param>
public sealed class MemoryBudget(long limitBytes, CancellationToken cancellation)
{
    /// <summary>The limit where nobody sets another.</summary>
    /// <remarks>
    /// Every design then holds a million VMAs of a forked family, or 13 million pages (51 GiB); the recordings in
    /// examples/ take less than 16 MiB. The process that runs the machine stays below 1 GB.
    /// </remarks>
    public const long DefaultLimitBytes = 512L << 20;

    /// <summary>What is taken, in bytes.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Takes so many bytes more.</summary>
    /// <exception cref="MemoryLimitException">That is more than may be taken.</exception>
    /// <exception cref="OperationCanceledException">The machine is given up.</exception>
    public void Hold(long bytes)
    {
        RequireRoom(bytes);
        HeldBytes += bytes;
    }

    /// <summary>Takes nothing; for what is certain to be taken, before the work that takes it.</summary>
    /// <exception cref="MemoryLimitException">That is more than may be taken.</exception>
    /// <exception cref="OperationCanceledException">The machine is given up.</exception>
    public void RequireRoom(long bytes)
    {
        cancellation.ThrowIfCancellationRequested();
        if (HeldBytes + bytes > limitBytes)
        {
            throw new MemoryLimitException(limitBytes);
        }
    }
}

/// <summary>A machine would take more memory of the host than it may. It cannot be used any more.</summary>
/// <param name="limitBytes">How much it may take.</param>
public sealed class MemoryLimitException(long limitBytes)
    : Exception($"the machine would need more than {Text(limitBytes)} of memory: raise that with --memory-limit")
{
    private static string Text(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        int unit = 0;
        while (bytes > 0 && bytes % 1024 == 0 && unit < units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return $"{bytes} {units[unit]}";
    }
}
