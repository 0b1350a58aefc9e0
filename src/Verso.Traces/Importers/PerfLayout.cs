using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Importers;

/// <summary>
/// The layout that an exec built, from the PERF_RECORD_MMAP2 that follow it: later mappings lie over earlier ones, as
/// the segments of a program over the range that was first mapped for all of it.
/// </summary>
internal sealed class PerfLayout
{
    private const ulong StackNode = 1;

    private readonly List<PerfMapping> _mappings = [];

    /// <summary>What happened to the new address space before its exec could be written.</summary>
    public List<TraceEvent> Later { get; } = [];

    /// <summary>Without perf record -d only executable mappings are recorded: then the stack is missing.</summary>
    public bool IsWhole => _mappings.Exists(static mapping => mapping.Path == "[stack]");

    public void Add(in PerfMapping added)
    {
        for (int at = _mappings.Count - 1; at >= 0; at--)
        {
            PerfMapping old = _mappings[at];
            if (old.End <= added.Start || old.Start >= added.End)
            {
                continue;
            }

            _mappings.RemoveAt(at);
            if (old.Start < added.Start)
            {
                _mappings.Add(old with { End = added.Start });
            }

            if (old.End > added.End)
            {
                _mappings.Add(old with { Start = added.End, Offset = unchecked(old.Offset + (added.End - old.Start)) });
            }
        }

        _mappings.Add(added);
    }

    /// <summary>The image; the break is where the first brk call found it, 0 if unknown.</summary>
    public MmImage Build(ulong heap, Func<PerfMapping, FileId> fileOf)
    {
        List<VmaImage> vmas = [];
        ulong stackStart = ulong.MaxValue;
        ulong stackEnd = 0;
        foreach (PerfMapping mapping in _mappings.OrderBy(static mapping => mapping.Start))
        {
            bool isStack = mapping.Path == "[stack]";
            if (isStack)
            {
                (stackStart, stackEnd) = (mapping.Start, mapping.End);
            }

            vmas.Add(new VmaImage(
                mapping.Start,
                mapping.End,
                FlagsOf(mapping),
                mapping.Offset >> Page.Shift,
                mapping.IsFile ? fileOf(mapping) : default,
                isStack ? StackNode : 0,
                isStack ? [StackNode] : []));
        }

        return new MmImage
        {
            Vmas = vmas,

            // exec wrote the arguments to the stack, so that it has an anon_vma; a root counts itself. A mapping in its
            // middle left two parts of it.
            AnonVmas =
            [
                new AnonVmaImage(StackNode, StackNode, StackNode, 1, vmas.Count(vma => vma.AnonVma == StackNode)),
            ],
            StartBrk = heap,
            Brk = heap,
            MmapBase = vmas.Where(vma => vma.End <= stackStart).Select(vma => vma.End).DefaultIfEmpty().Max(),

            // The exact stack pointer is not recorded; the name of the program is on the top page for certain.
            StartStack = stackEnd - Page.Size,
        };
    }

    private static VmaFlags FlagsOf(in PerfMapping mapping)
    {
        VmaFlags flags = VmaFlags.MayRead;
        flags |= mapping.Access[0] == 'r' ? VmaFlags.Read : VmaFlags.None;
        flags |= mapping.Access[1] == 'w' ? VmaFlags.Write : VmaFlags.None;
        flags |= mapping.Access[2] == 'x' ? VmaFlags.Exec : VmaFlags.None;
        if (mapping.Path.StartsWith("[vvar", StringComparison.Ordinal))
        {
            return flags | VmaFlags.Io | VmaFlags.DontExpand | VmaFlags.DontDump | VmaFlags.PfnMap;
        }

        flags |= VmaFlags.MayWrite | VmaFlags.MayExec;
        flags |= mapping.Path == "[vdso]" ? VmaFlags.DontExpand : VmaFlags.None;
        if (mapping.Access[3] == 's')
        {
            return flags | VmaFlags.Shared | VmaFlags.MayShare;
        }

        flags |= (flags & VmaFlags.Write) != 0 ? VmaFlags.Account : VmaFlags.None;
        return mapping.Path == "[stack]" ? flags | VmaFlags.GrowsDown : flags;
    }
}
