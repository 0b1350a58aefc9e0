namespace Verso.Cli;

/// <summary>Where a trace is to be written.</summary>
internal static class OutputPath
{
    /// <summary>A path that no file can be made at is refused before any work is done for it.</summary>
    /// <exception cref="IOException">It is a directory, or empty.</exception>
    internal static void Require(string path)
    {
        RequireName(path);
        if (Directory.Exists(path))
        {
            throw new IOException($"'{path}' is a directory");
        }
    }

    /// <summary>What is read is not to be replaced by what is made of it.</summary>
    /// <exception cref="IOException">Both names are of one file.</exception>
    internal static void RequireApart(string path, string input)
    {
        if (File.Exists(path) && File.Exists(input) && Target(path) == Target(input))
        {
            throw new IOException($"'{path}' is the input; write to another file");
        }
    }

    private static string Target(string path) =>
        File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

    /// <summary>As a variable of the shell gives it that is not set.</summary>
    /// <exception cref="IOException">The name is empty.</exception>
    internal static void RequireName(string path)
    {
        if (path.Length == 0)
        {
            throw new IOException("the name of the file is empty");
        }
    }
}
