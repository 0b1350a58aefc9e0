namespace Verso.Linux.Proc;

/// <summary>What /proc/PID/status says of an address space (task_mem, fs/proc/task_mmu.c).</summary>
/// <param name="SizeBytes">VmSize: <c>mm->total_vm</c>.</param>
/// <param name="LockedBytes">VmLck: <c>mm->locked_vm</c>.</param>
public readonly record struct ProcStatus(long SizeBytes, long LockedBytes)
{
    /// <summary>Reads a whole file; null of a process that has no address space, or none any more.</summary>
    /// <exception cref="FormatException">No kernel writes such text.</exception>
    public static ProcStatus? Read(TextReader text)
    {
        ArgumentNullException.ThrowIfNull(text);
        long? size = null;
        long? locked = null;
        while (text.ReadLine() is string line)
        {
            if (line.StartsWith("VmSize:", StringComparison.Ordinal))
            {
                size = Figure(line);
            }
            else if (line.StartsWith("VmLck:", StringComparison.Ordinal))
            {
                locked = Figure(line);
            }
        }

        return size is { } bytes && locked is { } held ? new ProcStatus(bytes, held) : null;
    }

    private static long Figure(string line) =>
        Kilobytes.TryParse(line.AsSpan(line.IndexOf(':') + 1).Trim([' ', '\t']), out var bytes)
            ? bytes
            : throw new FormatException("a figure of /proc/PID/status that is not a number of kB");
}
