using Verso.Engine;

namespace Verso.Linux.Proc;

/// <summary>What <c>/proc/cpuinfo</c> says that the processors can do and the kernel makes use of.</summary>
public static class ProcessorFlags
{
    private const string Path = "/proc/cpuinfo";

    /// <summary>Whether this kernel uses protection keys (<c>ospke</c>); none where the file cannot be read.</summary>
    public static ProtectionKeys ProtectionKeys()
    {
        try
        {
            return File.Exists(Path) ? KeysOf(File.ReadLines(Path)) : Engine.ProtectionKeys.None;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return Engine.ProtectionKeys.None;
        }
    }

    /// <summary>The same of the lines of such a file.</summary>
    public static ProtectionKeys KeysOf(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        string? flags = lines.FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal));
        return flags is not null && flags.Split(' ').Contains("ospke")
            ? Engine.ProtectionKeys.Present
            : Engine.ProtectionKeys.None;
    }
}
