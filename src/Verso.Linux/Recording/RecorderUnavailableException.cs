namespace Verso.Linux.Recording;

/// <summary>
/// This machine, this user or this build cannot record. The message is one line for people: what exactly is missing
/// and how to get it.
/// </summary>
public sealed class RecorderUnavailableException : Exception
{
    public RecorderUnavailableException()
    {
    }

    public RecorderUnavailableException(string message)
        : base(message)
    {
    }

    public RecorderUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
