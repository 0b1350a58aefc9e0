using System.Globalization;

namespace Verso.Linux.Graph;

/// <summary>Which processes a snapshot is of.</summary>
public sealed class ProcessSelection
{
    private const string CgroupRoot = "/sys/fs/cgroup";

    /// <summary>PF_KTHREAD.</summary>
    private const ulong KernelThread = 0x20_0000;

    /// <summary>PF_EXITING.</summary>
    private const ulong Exiting = 0x4;

    private const int StateField = 0;
    private const int FlagsField = 6;

    /// <summary>Process ids that fit a line.</summary>
    private const int MostNamed = 8;

    private readonly Naming _naming;
    private readonly string? _folder;

    private ProcessSelection(string text, IReadOnlyList<int>? pids, Naming naming, string? folder = null)
    {
        Text = text;
        Pids = pids;
        _naming = naming;
        _folder = folder;
    }

    private enum Naming
    {
        OneByOne,
        Together,
    }

    /// <summary>Every process with an address space.</summary>
    public static ProcessSelection All { get; } = new("all processes", null, Naming.Together);

    /// <summary>The selection for people.</summary>
    public string Text { get; }

    /// <summary>The process ids, ascending; null: all.</summary>
    public IReadOnlyList<int>? Pids { get; }

    /// <summary>Whether processes may come that it is of; it never is of more than those that were named.</summary>
    public bool MayGrow => Pids is null || _folder is not null;

    /// <summary>Whether processes were named one by one.</summary>
    public bool IsOfNamed => _naming == Naming.OneByOne;

    /// <summary>Of those that were named and are not in the selection: why, a line each.</summary>
    public IReadOnlyList<string> LeftOut { get; private init; } = [];

    /// <summary>Those of these processes that have an address space.</summary>
    /// <exception cref="ProcessSelectionException">None of them has one that could be read.</exception>
    public static ProcessSelection OfPids(IEnumerable<int> pids)
    {
        ArgumentNullException.ThrowIfNull(pids);
        List<int> chosen = [];
        List<string> leftOut = [];
        ProcessSelectionException? first = null;
        foreach (int pid in pids.Distinct().Order())
        {
            try
            {
                Require(pid);
                chosen.Add(pid);
            }
            catch (ProcessSelectionException reason)
            {
                first ??= reason;
                leftOut.Add(reason.Message);
            }
        }

        if (chosen.Count == 0 && first is not null)
        {
            throw leftOut.Count == 1 ? first : new ProcessSelectionException(string.Create(
                CultureInfo.InvariantCulture,
                $"none of {leftOut.Count} processes can be read: {first.Message}"));
        }

        return new ProcessSelection(Told([.. chosen]), chosen, Naming.OneByOne) { LeftOut = leftOut };
    }

    private static string Told(int[] pids)
    {
        IEnumerable<string> named = pids.Take(MostNamed).Select(Decimal);
        return string.Join(' ', ["process", .. named]) + (pids.Length > MostNamed
            ? string.Create(CultureInfo.InvariantCulture, $" and {pids.Length - MostNamed} more")
            : "");
    }

    /// <summary>The processes of a control group and of those below it.</summary>
    /// <param name="path">
    /// Below /sys/fs/cgroup, of version 1 with its controller first; or from the root of the file system.
    /// </param>
    /// <exception cref="ProcessSelectionException">There is no such group, or nobody is in it.</exception>
    public static ProcessSelection OfCgroup(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        bool isAbsolute = path.StartsWith(CgroupRoot, StringComparison.Ordinal);
        string folder = isAbsolute ? path : Path.Join(CgroupRoot, path);
        if (!File.Exists(Path.Join(folder, "cgroup.procs")))
        {
            throw new ProcessSelectionException(
                $"'{path}' is not a control group: {folder}/cgroup.procs does not exist");
        }

        SortedSet<int> found = [];
        AddMembers(folder, found);
        return found.Count > 0
            ? new ProcessSelection($"control group {path}", [.. found], Naming.Together, folder)
            : throw new ProcessSelectionException($"no process is in the control group '{path}'");
    }

    /// <summary>
    /// The same for a later reading: who has ended since is no trouble any more, and a group has the members it has
    /// then.
    /// </summary>
    public ProcessSelection Again()
    {
        if (_folder is null)
        {
            return Pids is null ? this : new ProcessSelection(Text, Pids, Naming.Together);
        }

        SortedSet<int> found = [];
        AddMembers(_folder, found);
        return new ProcessSelection(Text, [.. found], Naming.Together, _folder);
    }

    /// <summary>Of processes that were named one by one, says why none could be read.</summary>
    internal void RequireRead(IReadOnlyList<int> missing)
    {
        if (_naming != Naming.OneByOne || missing.Count < Pids!.Count || missing.Count == 0)
        {
            return;
        }

        foreach (int pid in missing)
        {
            if (Directory.Exists($"/proc/{Decimal(pid)}"))
            {
                Require(pid);
                throw new ProcessSelectionException($"process {Decimal(pid)} cannot be read: " + (IsOfOtherNamespace()
                    ? "it is in another pid namespace, the one of /proc; run verso there"
                    : "the kernel does not show its address space"));
            }
        }

        throw new ProcessSelectionException($"{Text}: ended before it was read");
    }

    // A group may go while its parent is listed. Members of other pid namespaces are written as 0.
    private static void AddMembers(string folder, SortedSet<int> found)
    {
        try
        {
            foreach (string line in File.ReadLines(Path.Join(folder, "cgroup.procs")))
            {
                if (int.TryParse(line, CultureInfo.InvariantCulture, out int pid) && pid > 0)
                {
                    found.Add(pid);
                }
            }

            foreach (string below in Directory.EnumerateDirectories(folder))
            {
                AddMembers(below, found);
            }
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static void Require(int pid)
    {
        string name = $"process {Decimal(pid)}";
        string[] fields;
        string? leader;
        try
        {
            string stat = File.ReadAllText($"/proc/{Decimal(pid)}/stat");
            fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            leader = File.ReadLines($"/proc/{Decimal(pid)}/status").FirstOrDefault(
                line => line.StartsWith("Tgid:", StringComparison.Ordinal))?["Tgid:".Length..].Trim();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            throw new ProcessSelectionException(
                $"{name} does not exist (in this pid namespace){PidNamespaces.Hint(pid)}");
        }

        ulong flags = ulong.Parse(fields[FlagsField], CultureInfo.InvariantCulture);
        if ((flags & KernelThread) != 0)
        {
            throw new ProcessSelectionException($"{name} is a kernel thread: it has no address space of its own");
        }

        if (fields[StateField] is "Z" or "X" || (flags & Exiting) != 0)
        {
            throw new ProcessSelectionException($"{name} has ended: its address space is gone");
        }

        if (leader is not null && leader != Decimal(pid))
        {
            throw new ProcessSelectionException($"{Decimal(pid)} is a thread; its process is {leader}");
        }
    }

    // In a new namespace with the old one's /proc (unshare --pid without --mount-proc).
    private static bool IsOfOtherNamespace() =>
        File.ResolveLinkTarget("/proc/self", returnFinalTarget: false)?.Name != Decimal(Environment.ProcessId);

    private static string Decimal(int pid) => pid.ToString(CultureInfo.InvariantCulture);
}
