using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Linux.Proc;

/// <summary>Puts what the files of /proc say of the VMAs of one process together.</summary>
internal sealed class ProcSpaceAssembler
{
    private const string AnonymousName = "[anon:";
    private const string SharedName = "[anon_shmem:";
    private const string Heap = "[heap]";
    private const string Stack = "[stack]";

    private readonly Dictionary<(ulong Device, ulong Inode), FileIdentity> _files = [];
    private readonly Dictionary<string, ulong> _policies = [];
    private readonly Dictionary<(ulong Policy, ulong Userfault, string? Name), VmaTraits> _traits = [];
    private readonly List<VmaImage> _vmas = [];
    private readonly List<VmaEvidence> _evidence = [];

    /// <summary>
    /// Of what maps calls the heap, its first byte address and one past its last; 0 and 0: nothing is called so.
    /// </summary>
    internal (ulong Start, ulong End) HeapRange { get; private set; }

    /// <summary>An address in what maps calls the stack; 0: nothing is called so.</summary>
    internal ulong StartStack { get; private set; }

    internal IReadOnlyList<VmaImage> Vmas => _vmas;

    internal IReadOnlyList<VmaEvidence> Evidence => _evidence;

    internal IReadOnlyList<FileIdentity> Files => [.. _files.Values.OrderBy(file => file.File.Value)];

    /// <summary>Adds one VMA.</summary>
    /// <param name="entry">Of smaps.</param>
    /// <param name="policy">Of numa_maps; null if that file does not name the VMA.</param>
    internal void Add(SmapsEntry entry, string? policy)
    {
        var line = entry.Line;
        HeapRange = line.Name != Heap ? HeapRange : (HeapRange.End == 0 ? line.Start : HeapRange.Start, line.End);
        StartStack = line.Name == Stack ? line.End - 1 : StartStack;
        var file = line.HasFile ? FileOf(line) : default;
        var pgoff = (line.HasFile ? line.OffsetBytes : line.Start) >> Page.Shift;
        var userfault = (entry.Flags & VmaFlags.Userfault) != 0 ? 1UL : 0UL;
        var traits = TraitsOf(PolicyNumber(policy), userfault, NameOf(line.Name));
        _vmas.Add(new VmaImage(line.Start, line.End, entry.Flags, pgoff, file, 0, []) { Traits = traits });
        _evidence.Add(new VmaEvidence(
            entry.AnonymousBytes + (line.HasFile ? 0 : entry.SwapBytes), DoubtsOf(entry, policy)));
    }

    private static VmaDoubts DoubtsOf(SmapsEntry entry, string? policy)
    {
        var doubts = entry.HasNamelessFlags ? VmaDoubts.Flags : VmaDoubts.None;
        doubts |= policy is null || entry.Line.HasFile ? VmaDoubts.PolicyOfFile
            : policy != NumaMaps.NoPolicy ? VmaDoubts.Policy
            : VmaDoubts.None;
        return doubts | (entry.Line.Name is Heap or Stack ? VmaDoubts.Name : VmaDoubts.None);
    }

    /// <summary>What PR_SET_VMA_ANON_NAME gave; null if nothing did, or something hides it.</summary>
    private static string? NameOf(string shown)
    {
        var prefix = shown.StartsWith(AnonymousName, StringComparison.Ordinal) ? AnonymousName
            : shown.StartsWith(SharedName, StringComparison.Ordinal) ? SharedName
            : null;
        return prefix is not null && shown.EndsWith(']') ? shown[prefix.Length..^1] : null;
    }

    private FileId FileOf(MapsLine line)
    {
        var key = (line.Device, line.Inode);
        if (!_files.TryGetValue(key, out var file))
        {
            file = new FileIdentity(
                new FileId(_files.Count + 1), FileKind.Regular, line.Device, line.Inode, ulong.MaxValue, line.Name);
            _files.Add(key, file);
        }

        return file.File;
    }

    private ulong PolicyNumber(string? policy)
    {
        if (policy is null or NumaMaps.NoPolicy)
        {
            return 0;
        }

        if (!_policies.TryGetValue(policy, out var number))
        {
            number = (ulong)_policies.Count + 1;
            _policies.Add(policy, number);
        }

        return number;
    }

    // Of many VMAs few differ.
    private VmaTraits TraitsOf(ulong policy, ulong userfault, string? name)
    {
        if ((policy | userfault) == 0 && name is null)
        {
            return VmaTraits.None;
        }

        if (!_traits.TryGetValue((policy, userfault, name), out var traits))
        {
            traits = new VmaTraits(policy, 0, userfault, 0, CloseOperation.None, name);
            _traits.Add((policy, userfault, name), traits);
        }

        return traits;
    }
}
