namespace Verso.Linux.Puppets;

/// <summary>Files of /proc that may be gone, or hidden.</summary>
internal static class ProcText
{
    /// <summary>What the file says, or nothing.</summary>
    internal static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
