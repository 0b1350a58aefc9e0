namespace Verso.Linux.Puppets;

/// <summary>
/// No puppet can be had: this machine, this user or a sandbox refuses something. The message is one line for people.
/// </summary>
public sealed class PuppetUnavailableException : Exception
{
    public PuppetUnavailableException()
    {
    }

    public PuppetUnavailableException(string message)
        : base(message)
    {
    }

    public PuppetUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
