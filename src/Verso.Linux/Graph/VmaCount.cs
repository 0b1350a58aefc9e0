namespace Verso.Linux.Graph;

/// <summary>How many VMAs a process has at one moment.</summary>
/// <param name="Pid">The process.</param>
/// <param name="StartNanoseconds">When it started, after boot: with its id what it is known by.</param>
/// <param name="Command">Its comm.</param>
/// <param name="Vmas">Its VMAs.</param>
public readonly record struct VmaCount(int Pid, ulong StartNanoseconds, string Command, int Vmas);
