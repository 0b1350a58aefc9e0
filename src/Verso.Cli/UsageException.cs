namespace Verso.Cli;

/// <summary>
/// The command line asks for something that does not exist or makes no sense. The message is one line.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);
