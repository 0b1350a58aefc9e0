namespace Verso.Cli;

/// <summary>What a <see cref="LiveScreen"/> waited for has come.</summary>
internal enum LiveEvent
{
    /// <summary>The time is up.</summary>
    Elapsed,

    /// <summary>A key was pressed.</summary>
    Key,

    /// <summary>A signal, or the end of what is shown.</summary>
    Over,
}
