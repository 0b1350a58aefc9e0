namespace Verso.Linux.Interop;

/// <summary>
/// BPF programs cannot be had here. The message is one line for people; who asked gives it out as its own exception.
/// </summary>
internal sealed class BpfUnavailableException : Exception
{
    public BpfUnavailableException()
    {
    }

    public BpfUnavailableException(string message)
        : base(message)
    {
    }

    public BpfUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
