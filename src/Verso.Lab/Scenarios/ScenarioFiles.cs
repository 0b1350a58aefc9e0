using System.Text;
using Verso.Lab.Playing;
using Verso.Linux;

namespace Verso.Lab.Scenarios;

/// <summary>Scenarios in files: one a file, <c>.txt</c>.</summary>
public static class ScenarioFiles
{
    private const string Extension = ".txt";

    /// <summary>The largest file that is read, in bytes: a scenario is something people read.</summary>
    private const int LargestFile = 1 << 20;

    /// <summary>
    /// The scenarios of these files, and of all files below these directories, in the order of their paths. Throws
    /// <see cref="InputException"/>, one line that names the file.
    /// </summary>
    public static IReadOnlyList<Scenario> Read(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return [.. names.SelectMany(FilesOf).Select(name => Read(name, name))];
    }

    /// <summary>Whether a file is named as scenarios are.</summary>
    public static bool IsNamedSo(string name) => Path.GetExtension(name) == Extension;

    /// <summary>For each directory the scenario files below it, in the order of their paths; else the name.</summary>
    public static IEnumerable<string> FilesOf(string name)
    {
        if (!Directory.Exists(name))
        {
            return [name];
        }

        string[] files = Directory.GetFiles(name, $"*{Extension}", SearchOption.AllDirectories);
        Array.Sort(files, StringComparer.Ordinal);
        return files.Length > 0
            ? files
            : throw new InputException(name, new FormatException("no scenario files (*.txt) in this directory"));
    }

    /// <summary>Writes scenarios back to the files they were read from.</summary>
    public static void Write(IEnumerable<Scenario> scenarios)
    {
        ArgumentNullException.ThrowIfNull(scenarios);
        foreach (Scenario scenario in scenarios)
        {
            byte[] text = Encoding.UTF8.GetBytes(scenario.ToString());
            OutputFile.Write(scenario.Name, stream => stream.Write(text));
        }
    }

    /// <summary>Editors of other systems put one at the head of UTF-8 too.</summary>
    private const char ByteOrderMark = '\ufeff';

    /// <summary>The scenario of one file.</summary>
    /// <param name="name">As a command names it.</param>
    /// <param name="path">Where it is.</param>
    /// <exception cref="InputException">It is none.</exception>
    internal static Scenario Read(string name, string path)
    {
        try
        {
            Scenario scenario = Scenario.Parse(ReadText(path));
            return scenario.Ops.Count > 0
                ? scenario with { Name = name, IsStrict = true, Witnesses = Witnesses.ReadersAndProc }
                : throw new FormatException("no step in it");
        }
        catch (FormatException problem)
        {
            throw new InputException(name, problem);
        }
    }

    // A device has no length, and no end either.
    private static string ReadText(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] bytes = new byte[1 << 12];
        int read = 0;
        for (int got = -1; got != 0 && read <= LargestFile; read += got)
        {
            if (read == bytes.Length)
            {
                Array.Resize(ref bytes, bytes.Length * 2);
            }

            got = file.Read(bytes, read, bytes.Length - read);
        }

        return read <= LargestFile
            ? Encoding.UTF8.GetString(bytes, 0, read).TrimStart(ByteOrderMark)
            : throw new FormatException($"a scenario has at most {LargestFile} bytes");
    }
}
