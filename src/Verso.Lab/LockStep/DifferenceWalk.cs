using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.LockStep;

/// <summary>Says in what two sets of images differ, once it is known that they do.</summary>
/// <remarks>
/// First VMAs, everywhere, then anon_vmas and chains, then what each anon_vma is: the causes before what they cause.
/// anon_vmas are called by their number in the order of the walk.
/// </remarks>
internal sealed class DifferenceWalk(GraphScope scope, ReferenceCounts counts)
{
    private readonly Dictionary<ulong, AnonVmaImage> _engineNodes = [];
    private readonly Dictionary<ulong, AnonVmaImage> _kernelNodes = [];
    private readonly Dictionary<ulong, int> _engineNumbers = [];
    private readonly Dictionary<ulong, int> _kernelNumbers = [];
    private readonly List<(ulong Engine, ulong Kernel, string Where)> _pairs = [];
    private readonly Dictionary<FileId, FileId> _kernelFiles = [];
    private readonly Dictionary<FileId, FileId> _engineFiles = [];

    public string? Find(ReadOnlySpan<SpacePair> spaces)
    {
        foreach (SpacePair space in spaces)
        {
            if (FindVmas(space) is string difference)
            {
                return difference;
            }

            Learn(_engineNodes, space.Engine);
            Learn(_kernelNodes, space.Kernel);
        }

        foreach (SpacePair space in spaces)
        {
            if (FindChains(space) is string difference)
            {
                return difference;
            }
        }

        for (int at = 0; at < _pairs.Count; at++)
        {
            if (FindNode(at) is string difference)
            {
                return difference;
            }
        }

        return null;
    }

    private static void Learn(Dictionary<ulong, AnonVmaImage> nodes, MmImage? image)
    {
        foreach (AnonVmaImage node in image?.AnonVmas ?? [])
        {
            nodes[node.Id] = node;
        }
    }

    private VmaImage[] Included(MmImage? image) => [.. (image?.Vmas ?? []).Where(scope.Includes)];

    private string? FindVmas(SpacePair space)
    {
        if ((space.Engine is null) != (space.Kernel is null))
        {
            return $"{space.Letter}: only the {(space.Engine is null ? "kernel" : "engine")} has this address space";
        }

        VmaImage[] engine = Included(space.Engine);
        VmaImage[] kernel = Included(space.Kernel);
        for (int at = 0; at < Math.Max(engine.Length, kernel.Length); at++)
        {
            VmaImage? ours = at < engine.Length ? engine[at] : null;
            VmaImage? theirs = at < kernel.Length ? kernel[at] : null;
            if (ours?.Start != theirs?.Start)
            {
                bool engineOnly = theirs is null || ours?.Start < theirs.Start;
                return $"{Name(space, engineOnly ? ours! : theirs!)}: only in the {(engineOnly ? "engine" : "kernel")}";
            }

            if (FindVma(ours!, theirs!) is string difference)
            {
                return $"{Name(space, ours!)}: {difference}";
            }
        }

        return null;
    }

    private string? FindVma(VmaImage ours, VmaImage theirs)
    {
        if (ours.End != theirs.End)
        {
            return Against("ends at", scope.Address(ours.End), scope.Address(theirs.End));
        }

        VmaFlags flags = (ours.Flags ^ theirs.Flags) & scope.Flags;
        if (flags != 0)
        {
            return (ours.Flags & flags) == 0 ? $"only the kernel has the flags {flags}"
                : (theirs.Flags & flags) == 0 ? $"only the engine has the flags {flags}"
                : Against("has the flags", $"{ours.Flags & flags}", $"{theirs.Flags & flags}");
        }

        return ours.Pgoff != theirs.Pgoff ? Against("page offset is", $"{ours.Pgoff:x}", $"{theirs.Pgoff:x}")
            : ours.AnonPgoff != theirs.AnonPgoff
                ? Against("anonymous page offset is", $"{ours.AnonPgoff:x}", $"{theirs.AnonPgoff:x}")
            : !AreSame(ours.File, theirs.File) ? Against("file is", Text(ours.File), Text(theirs.File))
            : null;
    }

    private string? FindChains(SpacePair space)
    {
        VmaImage[] engine = Included(space.Engine);
        VmaImage[] kernel = Included(space.Kernel);
        for (int at = 0; at < engine.Length; at++)
        {
            if (FindChain(engine[at], kernel[at], Name(space, engine[at])) is string difference)
            {
                return difference;
            }
        }

        return null;
    }

    private string? FindChain(VmaImage ours, VmaImage theirs, string name)
    {
        if (!Match(ours.AnonVma, theirs.AnonVma, $"the anon_vma of {name}"))
        {
            return $"{name}: {Against("anon_vma is", OursText(ours.AnonVma), TheirsText(theirs.AnonVma))}";
        }

        for (int at = 0; at < Math.Min(ours.Chain.Count, theirs.Chain.Count); at++)
        {
            if (!Match(ours.Chain[at], theirs.Chain[at], $"entry {at} of the chain of {name}"))
            {
                string what = $"entry {at} of the chain is";
                return $"{name}: {Against(what, OursText(ours.Chain[at]), TheirsText(theirs.Chain[at]))}";
            }
        }

        return ours.Chain.Count == theirs.Chain.Count
            ? null
            : $"{name}: {Against("entries of the chain:", $"{ours.Chain.Count}", $"{theirs.Chain.Count}")}";
    }

    // What one side does not list was met by it as a parent or root only; there is nothing to compare.
    private string? FindNode(int at)
    {
        (ulong engineId, ulong kernelId, string where) = _pairs[at];
        if (!_engineNodes.TryGetValue(engineId, out AnonVmaImage? ours)
            || !_kernelNodes.TryGetValue(kernelId, out AnonVmaImage? theirs))
        {
            return null;
        }

        string name = $"anon_vma #{at + 1} ({where})";
        string? difference =
            !Match(ours.Root, theirs.Root, $"the root of #{at + 1}")
                ? Against("root is", OursText(ours.Root), TheirsText(theirs.Root))
            : !Match(ours.Parent, theirs.Parent, $"the parent of #{at + 1}")
                ? Against("parent is", OursText(ours.Parent), TheirsText(theirs.Parent))
            : ours.ChildCount != theirs.ChildCount
                ? Against("num_children is", $"{ours.ChildCount}", $"{theirs.ChildCount}")
            : ours.ActiveVmaCount != theirs.ActiveVmaCount
                ? Against("num_active_vmas is", $"{ours.ActiveVmaCount}", $"{theirs.ActiveVmaCount}")
            : counts == ReferenceCounts.Compared && ours.RefCount != theirs.RefCount
                ? Against("refcount is", $"{ours.RefCount}", $"{theirs.RefCount}")
            : null;
        return difference is null ? null : $"{name}: {difference}";
    }

    private bool Match(ulong engine, ulong kernel, string where)
    {
        if (engine == 0 || kernel == 0)
        {
            return engine == kernel;
        }

        bool hasOurs = _engineNumbers.TryGetValue(engine, out int ours);
        bool hasTheirs = _kernelNumbers.TryGetValue(kernel, out int theirs);
        if (!hasOurs && !hasTheirs)
        {
            _pairs.Add((engine, kernel, where));
            _engineNumbers.Add(engine, _pairs.Count);
            _kernelNumbers.Add(kernel, _pairs.Count);
            return true;
        }

        return hasOurs && hasTheirs && ours == theirs;
    }

    private bool AreSame(FileId engine, FileId kernel)
    {
        if (engine.IsNone || kernel.IsNone)
        {
            return engine.IsNone && kernel.IsNone;
        }

        bool isNew = _kernelFiles.TryAdd(engine, kernel) & _engineFiles.TryAdd(kernel, engine);
        return isNew || (_kernelFiles[engine] == kernel && _engineFiles[kernel] == engine);
    }

    private string Name(SpacePair space, VmaImage vma) =>
        $"{space.Letter} {scope.Address(vma.Start)}-{scope.Address(vma.End)}";

    private string OursText(ulong id) => Text(_engineNumbers, id);

    private string TheirsText(ulong id) => Text(_kernelNumbers, id);

    private static string Text(Dictionary<ulong, int> numbers, ulong id) =>
        id == 0 ? "none" : numbers.TryGetValue(id, out int number) ? $"#{number}" : "a new one";

    private static string Text(FileId file) => file.IsNone ? "none" : $"{file}";

    private static string Against(string what, string engine, string kernel) =>
        $"{what} {engine} in the engine, {kernel} in the kernel";
}
