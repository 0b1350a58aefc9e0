using System.Runtime.InteropServices;
using Verso.Engine;

namespace Verso.Linux;

/// <summary>
/// What the kernel said of a file, in the words of every other program: <c>/x: Permission denied</c>. .NET makes
/// sentences of it, and of several errors one.
/// </summary>
public static class FileProblem
{
    private const int NoEntry = 2;
    private const int TryAgain = 11;
    private const int NotPermitted = 13;
    private const int IsDirectory = 21;
    private const int NameTooLong = 36;

    /// <summary>One line about any exception; messages that are not .NET's own stay as they are.</summary>
    public static string Text(Exception problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        var message = problem.Message;
        return problem switch
        {
            UnauthorizedAccessException { InnerException: IOException { HResult: > 0 } inner } =>
                Denied(message, inner.HResult),
            UnauthorizedAccessException => Denied(message, NotPermitted),
            FileNotFoundException { FileName: string name } => Said(name, NoEntry, message),
            DirectoryNotFoundException => Said(Quoted(message), NoEntry, message),
            PathTooLongException => Said(Quoted(message), NameTooLong, message),
            IOException { HResult: TryAgain } when message.StartsWith("The process", StringComparison.Ordinal) =>
                $"{Quoted(message)}: in use by another process",
            IOException { HResult: > 0 and <= SyscallResult.MaxErrno }
                when message.Contains(" : '", StringComparison.Ordinal) =>
                Said(Quoted(message), problem.HResult, message),
            _ => message,
        };
    }

    // open(2) of a directory to read is no error, and .NET makes this one of it.
    private static string Denied(string message, int error)
    {
        var path = Quoted(message);
        var isDirectory = error == NotPermitted && path is not null && Directory.Exists(path);
        return Said(path, isDirectory ? IsDirectory : error, message);
    }

    private static string Said(string? path, int error, string otherwise) =>
        string.IsNullOrEmpty(path) ? otherwise : $"{path}: {Marshal.GetPInvokeErrorMessage(error)}";

    /// <summary>The path in a sentence of .NET; it may have quotes too.</summary>
    private static string? Quoted(string message)
    {
        var first = message.IndexOf('\'', StringComparison.Ordinal);
        var last = message.LastIndexOf('\'');
        return last > first ? message[(first + 1)..last] : null;
    }
}
