namespace Verso.Cli;

/// <summary>Where a trace is to be written.</summary>
internal static class OutputPath
{
    /// <summary>A path that no file can be made at is refused before any work is done for it.</summary>
    /// <exception cref="IOException">It is a directory.</exception>
    internal static void Require(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"'{path}' is a directory");
        }
    }
}
