namespace Verso.Cli;

/// <summary>What verso returns to the shell; as diff(1) where something is compared.</summary>
internal static class ExitStatus
{
    /// <summary>All went well; what was compared is the same.</summary>
    internal const int Success = 0;

    /// <summary>What was compared differs: a replay from the kernel, or a check of --verify failed.</summary>
    internal const int Differs = 1;

    /// <summary>The command line is wrong, a file cannot be read, this machine cannot do it.</summary>
    internal const int Trouble = 2;

    /// <summary>An error in Verso itself (EX_SOFTWARE).</summary>
    internal const int InternalError = 70;

    /// <summary>Ended by Ctrl-C (SIGINT).</summary>
    internal const int Interrupted = 130;

    /// <summary>Whoever read standard output went away.</summary>
    internal const int BrokenPipe = 141;

    /// <summary>Ended by SIGTERM.</summary>
    internal const int Terminated = 143;

    /// <summary>Each with what it says, for the manual.</summary>
    internal static readonly IReadOnlyList<(int Status, string Meaning)> All =
    [
        (Success, "All went well; what was compared is the same."),
        (Differs, "What was compared differs, or a check of --verify failed."),
        (Trouble,
            "The command line is wrong, a file cannot be read, or this machine cannot do it; one line says which."),
        (InternalError, "An error in Verso itself; please report it."),
        (Interrupted, "Ended by Ctrl-C (SIGINT)."),
        (BrokenPipe, "Whoever read standard output went away."),
        (Terminated, "Ended by SIGTERM."),
    ];
}
