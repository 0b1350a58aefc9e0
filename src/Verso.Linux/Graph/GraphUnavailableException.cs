namespace Verso.Linux.Graph;

/// <summary>
/// The kernel's graph cannot be read here. The message is one line for people: what exactly is missing and how to get
/// it.
/// </summary>
public sealed class GraphUnavailableException : Exception
{
    public GraphUnavailableException()
    {
    }

    public GraphUnavailableException(string message)
        : base(message)
    {
    }

    public GraphUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
