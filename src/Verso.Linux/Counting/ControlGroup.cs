using System.Globalization;

namespace Verso.Linux.Counting;

/// <summary>Where systemd, or a container engine, has put a process.</summary>
/// <param name="Path">Its control group, from the root of the hierarchy; empty if it is not known.</param>
public readonly record struct ControlGroup(string Path)
{
    private static readonly string[] s_kinds = [".service", ".scope", ".socket", ".mount", ".swap", ".slice"];

    /// <summary>
    /// The innermost unit of systemd in the path, a slice only if there is none else; empty without one.
    /// </summary>
    public string Unit
    {
        get
        {
            var parts = Path.Split('/');
            return Array.FindLast(parts, part => !part.EndsWith(".slice", StringComparison.Ordinal) && IsUnit(part))
                ?? Array.FindLast(parts, IsUnit) ?? "";
        }
    }

    /// <summary>That of a process: of version 2, or of version 1 the one that systemd names.</summary>
    public static ControlGroup Of(int pid)
    {
        try
        {
            return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cgroup")));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return new ControlGroup("");
        }
    }

    /// <summary>The same of what /proc/PID/cgroup says.</summary>
    public static ControlGroup Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var found = "";
        foreach (var line in text.Split('\n'))
        {
            var fields = line.Split(':', 3);
            if (fields.Length == 3 && (fields[1] == "name=systemd" || (fields[1].Length == 0 && found.Length == 0)))
            {
                found = fields[2];
            }
        }

        return new ControlGroup(found);
    }

    private static bool IsUnit(string part) =>
        s_kinds.Any(kind => part.Length > kind.Length && part.EndsWith(kind, StringComparison.Ordinal));
}
