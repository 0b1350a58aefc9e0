using System.Diagnostics;
using System.Globalization;
using Verso.Engine.Images;

namespace Verso.Engine.Tests.Live;

/// <summary>The true anon_vma graph of the puppets, read through a BPF iterator. See graph.bpf.c.</summary>
internal sealed class LiveGraph : IDisposable
{
    private readonly string _pin = $"/sys/fs/bpf/verso-graph-{Environment.ProcessId}-{Guid.NewGuid():n}";

    private LiveGraph()
    {
    }

    /// <summary>The iterator, or null where it cannot be had; then <paramref name="missing"/> says why.</summary>
    public static LiveGraph? TryOpen(string directory, out string missing)
    {
        missing = PuppetFiles.HasCommand("clang") && File.Exists("/usr/include/bpf/bpf_helpers.h")
            ? PuppetFiles.HasCommand("bpftool") ? "" : "needs bpftool"
            : "needs clang and libbpf-dev";
        if (missing.Length != 0)
        {
            return null;
        }

        LiveGraph graph = new();
        string source = Path.Combine(AppContext.BaseDirectory, "Live", "graph.bpf.c");
        string program = Path.Combine(directory, "graph.bpf.o");
        const string Compile = "clang -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I/usr/include/$(uname -m)-linux-gnu";
        string command = $"{Compile} -c '{source}' -o '{program}' && bpftool iter pin '{program}' '{graph._pin}' 2>&1";
        ProcessStartInfo start = new("/bin/sh", ["-c", command]) { RedirectStandardOutput = true };
        using Process shell = Process.Start(start)!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        string lastLine = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("no message");
        missing = shell.ExitCode == 0 ? "" : $"bpftool iter pin {graph._pin} failed: {lastLine}";
        return shell.ExitCode == 0 ? graph : null;
    }

    /// <summary>Every VMA of every puppet by process id, in order of address.</summary>
    public Dictionary<int, MmImage> Read()
    {
        Dictionary<int, (List<VmaImage> Vmas, Dictionary<ulong, AnonVmaImage> Nodes)> found = [];
        int pid = 0;
        foreach (string line in File.ReadLines(_pin))
        {
            ulong[] words = [.. line[2..].Split(' ').Select(
                word => ulong.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            if (line[0] == 'v')
            {
                pid = (int)words[0];
                found.TryAdd(pid, ([], []));
                found[pid].Vmas.Add(new VmaImage(
                    words[1], words[2], 0, words[3], default, words[4], new List<ulong>()));
            }
            else
            {
                ((List<ulong>)found[pid].Vmas[^1].Chain).Add(words[0]);
                found[pid].Nodes[words[0]] = new AnonVmaImage(
                    words[0], words[1], words[2], (long)words[3], (long)words[4]);
            }
        }

        return found.ToDictionary(
            pair => pair.Key,
            pair => new MmImage { Vmas = pair.Value.Vmas, AnonVmas = [.. pair.Value.Nodes.Values] });
    }

    public void Dispose() => File.Delete(_pin);
}
