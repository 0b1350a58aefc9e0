using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Verso.Lab.Tests;

/// <summary>A program of workloads/ that has got into its situation and stands there until this ends.</summary>
internal sealed class StandingProgram : IDisposable
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder;
    private readonly Process? _process;
    private readonly int _root;

    private StandingProgram(string name, string[] words)
    {
        string script = Path.Combine(Root, "workloads", name);
        _folder = Directory.CreateTempSubdirectory("verso-standing-");
        try
        {
            Prepare(name, script);
            _process = Run(script, ["hold", _folder.FullName, .. words]);
            _root = WaitUntilItStands(name, _process);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Its first process and all that descend from it.</summary>
    public IReadOnlyList<int> Pids => Descendants(_root);

    private static string Root { get; } = FindRoot();

    /// <summary>Starts a program and waits until it stands; skips the test where its packages are missing.</summary>
    public static StandingProgram Start(string name, params string[] words) => new(name, words);

    /// <summary>A process and all that descend from it, by ascending id.</summary>
    public static IReadOnlyList<int> Descendants(int root)
    {
        Dictionary<int, int> parents = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int pid)
                && ParentOf(folder) is int parent)
            {
                parents[pid] = parent;
            }
        }

        SortedSet<int> found = [root];
        while (parents.Any(each => found.Contains(each.Value) && found.Add(each.Key)))
        {
            // Until no child is missing.
        }

        return [.. found];
    }

    public void Dispose()
    {
        if (_process is not null)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(_longest))
            {
                _process.Kill(entireProcessTree: true);
                _process.WaitForExit();
            }

            _process.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private void Prepare(string name, string script)
    {
        using Process prepared = Run(script, ["prepare", _folder.FullName]);
        string trouble = prepared.StandardError.ReadToEnd();
        prepared.WaitForExit();
        Assert.SkipWhen(prepared.ExitCode == 2, trouble.Trim());
        Assert.True(prepared.ExitCode == 0, $"{name} cannot be prepared: {trouble}");
    }

    private static int WaitUntilItStands(string name, Process process)
    {
        using CancellationTokenSource late = new(_longest);
        string said = "";
        while (!said.StartsWith("standing ", StringComparison.Ordinal))
        {
            said = process.StandardOutput.ReadLineAsync(late.Token).AsTask().GetAwaiter().GetResult()
                ?? throw new InvalidOperationException($"{name} ended: {process.StandardError.ReadToEnd()}");
        }

        return int.Parse(said.AsSpan("standing ".Length), CultureInfo.InvariantCulture);
    }

    private static Process Run(string script, string[] words) => Process.Start(new ProcessStartInfo(script, words)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    }) ?? throw new InvalidOperationException($"{script} does not start");

    // Behind the name, which may hold anything, come the state and the parent.
    private static int? ParentOf(string folder)
    {
        try
        {
            string stat = File.ReadAllText(Path.Combine(folder, "stat"));
            string[] words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return int.Parse(words[1], CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
