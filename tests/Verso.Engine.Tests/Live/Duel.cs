using System.Text;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.LockStep;
using Verso.Linux.Graph;

namespace Verso.Engine.Tests.Live;

/// <summary>
/// The puppet and the engine do the same steps; after each, everything the kernel shows must be equal.
/// </summary>
internal sealed class Duel : IDisposable
{
    private readonly Puppet _puppet;
    private readonly Twin _twin;
    private readonly GraphReader? _reader;
    private readonly GraphDifference _graph = new(new GraphScope { Flags = VmaFlags.None });
    private readonly HashSet<int> _alive = [0];

    public Duel(string design, PuppetFiles files)
    {
        _puppet = new Puppet(files);
        List<LiveVma> initial = _puppet.Vmas(0);
        Heap = initial.Find(vma => vma.Name == "[heap]")?.Start ?? 0;
        ulong brk = (ulong)_puppet.Do(new Operation(0, Act.Brk));
        initial.RemoveAll(vma => vma.Start > Page.TaskSize);
        _reader = files.Graph;
        MmImage? graph = _reader?.Read(_puppet.Pid(0));
        _twin = new Twin(design, files, initial, graph, brk);
    }

    public ulong Heap { get; }

    public Machine Machine => _twin.Machine;

    /// <summary>How many VMAs the first process has.</summary>
    public int VmaCount => _twin.VmaCount(0);

    /// <summary>Does one step on both sides. The first difference as text, or null.</summary>
    public string? Step(Operation operation) => Do(operation) ?? CompareAll();

    /// <summary>Does one step on both sides and compares only what they return.</summary>
    public string? Do(Operation operation)
    {
        long real = _puppet.Do(operation);
        long modelled;
        try
        {
            modelled = _twin.Do(operation);
        }
        catch (InvariantException broken)
        {
            return broken.ToString();
        }

        switch (operation.Act)
        {
            case Act.Fork:
                _alive.Add((int)operation.A);
                break;
            case Act.Exit:
                _alive.Remove(operation.Process);
                break;
        }

        if (real != modelled)
        {
            return $"the kernel returned {real:x}, the engine {modelled:x}";
        }

        return null;
    }

    /// <summary>Compares all there is to see. The first difference as text, or null.</summary>
    public string? CompareAll()
    {
        string? audit = Machine.Audit();
        if (audit is not null)
        {
            return "audit: " + audit;
        }

        foreach (int process in _alive)
        {
            string? difference = Compare(process);
            if (difference is not null)
            {
                return $"process {process}: {difference}";
            }
        }

        return CompareGraphs();
    }

    public void Dispose() => _puppet.Dispose();

    private string? Compare(int process)
    {
        List<LiveVma> real = Shown(_puppet.Vmas(process));
        List<LiveVma> modelled = Shown(_twin.Vmas(process));
        if (!real.SequenceEqual(modelled))
        {
            return Differences(real, modelled);
        }

        ulong locked = _puppet.Status(process, "VmLck");
        if (locked != _twin.LockedPages(process) * 4)
        {
            return $"VmLck is {locked} kB, the engine has {_twin.LockedPages(process) * 4}";
        }

        ulong total = _puppet.Status(process, "VmSize");
        if (total != _twin.TotalPages(process) * 4)
        {
            return $"VmSize is {total} kB, the engine has {_twin.TotalPages(process) * 4}";
        }

        return ComparePages(process);
    }

    /// <summary>Flags were compared with what smaps shows.</summary>
    private string? CompareGraphs() => _reader is null ? null : _graph.Find(
    [
        .. _alive.Order().Select(process =>
            new SpacePair((char)('0' + process), _twin.Graph(process), _reader.Read(_puppet.Pid(process)))),
    ]);

    private string? ComparePages(int process)
    {
        PageState[] real = _puppet.Pages(process, OperationSource.Base, OperationSource.WindowEnd);
        PageState[] modelled = _twin.Pages(process, OperationSource.Base, OperationSource.WindowEnd);
        for (int page = 0; page < real.Length; page++)
        {
            if (real[page] != modelled[page])
            {
                ulong address = OperationSource.Base + ((ulong)page * Page.Size);
                return $"page {address:x} is {real[page]}, in the engine {modelled[page]}";
            }
        }

        return null;
    }

    /// <summary>Everything but the stack, which the puppet itself uses.</summary>
    private static List<LiveVma> Shown(List<LiveVma> vmas)
    {
        const ulong StackBottom = 0x7fff_f7ff_f000;
        List<LiveVma> shown = [];
        foreach (LiveVma vma in vmas)
        {
            if (vma.Start < StackBottom)
            {
                shown.Add(vma with { Name = vma.Name.StartsWith('[') ? "" : vma.Name });
            }
        }

        return shown;
    }

    private static string Differences(List<LiveVma> real, List<LiveVma> modelled)
    {
        StringBuilder text = new("VMAs differ\n");
        foreach (LiveVma vma in real.Except(modelled))
        {
            text.Append("    kernel  ").Append(vma).Append('\n');
        }

        foreach (LiveVma vma in modelled.Except(real))
        {
            text.Append("    engine  ").Append(vma).Append('\n');
        }

        return text.ToString();
    }
}
