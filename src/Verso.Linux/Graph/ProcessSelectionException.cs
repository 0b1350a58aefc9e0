namespace Verso.Linux.Graph;

/// <summary>Processes were asked for that cannot be read. The message is one line.</summary>
public sealed class ProcessSelectionException : Exception
{
    public ProcessSelectionException()
    {
    }

    public ProcessSelectionException(string message)
        : base(message)
    {
    }

    public ProcessSelectionException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
