namespace Verso.Linux.Recording;

/// <summary>
/// The command to record cannot be run. The message is one line; the status is the one a shell gives.
/// </summary>
public sealed class CommandNotStartedException : Exception
{
    public CommandNotStartedException()
    {
    }

    public CommandNotStartedException(string message)
        : base(message)
    {
    }

    public CommandNotStartedException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public CommandNotStartedException(string message, int exitStatus)
        : base(message) => ExitStatus = exitStatus;

    /// <summary>127: not found. 126: found, but not executable.</summary>
    public int ExitStatus { get; } = 127;
}
