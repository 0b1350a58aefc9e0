namespace Verso.Traces.Importers;

/// <summary>
/// What tasks are taken for whose start is not in the text, where it does not say of which process they are.
/// </summary>
public enum UnknownTasks
{
    /// <summary>
    /// <see cref="Threads"/> if the text begins in the middle of a program (strace -p, perf record -p),
    /// <see cref="Processes"/> if it begins with one.
    /// </summary>
    Detect = 0,

    /// <summary>Threads of one process, with one address space.</summary>
    Threads = 1,

    /// <summary>A process each.</summary>
    Processes = 2,
}
