namespace Verso.Linux.Graph;

/// <summary>
/// The state of pages cannot be read here. The message is one line for people that says what is missing.
/// </summary>
public sealed class PagesUnavailableException : Exception
{
    public PagesUnavailableException()
    {
    }

    public PagesUnavailableException(string message)
        : base(message)
    {
    }

    public PagesUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
