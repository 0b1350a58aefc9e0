using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Verso.Engine.Images;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Graph;

/// <summary>
/// Which pointers to anon_vmas mean the same in readings of processes that changed since and in those of processes that
/// did not: see <see cref="CommonMoment"/>.
/// </summary>
internal sealed class StablePointers
{
    private const int Never = int.MaxValue;

    // The pointers of who changed, and the first steady reading that has each.
    private readonly Dictionary<ulong, int> _first = [];
    private readonly Dictionary<ulong, ulong> _own = [];
    private readonly Dictionary<ulong, MmImage> _steady = [];
    private ulong _last;

    internal StablePointers(IReadOnlyList<ProcessReading> steady, IReadOnlyList<ProcessReading> changed)
    {
        foreach (var reading in changed)
        {
            foreach (var node in reading.Process.Image.AnonVmas)
            {
                _first[node.Id] = _first[node.Root] = _first[node.Parent] = Never;
            }
        }

        foreach (var reading in steady)
        {
            _steady[reading.Process.Image.Identity] = reading.Process.Image;
            Meet(reading.Process.Image.AnonVmas.AsSpan(), reading.Order);
        }
    }

    /// <summary>
    /// The same reading with pointers that only mean what they meant when it was read: those that no steady process
    /// had then become small numbers, which no other reading has and no kernel pointer is. A steady process that shares
    /// the address space lends its reading.
    /// </summary>
    /// <param name="reading">One of those that changed.</param>
    /// <param name="isHeld">Whether the process has had the mm ever since; if not, nobody shares it.</param>
    internal ProcessReading Part(ProcessReading reading, bool isHeld)
    {
        var image = reading.Process.Image;
        if (isHeld && _steady.TryGetValue(image.Identity, out var shared))
        {
            return reading with { Process = reading.Process with { Image = shared, Reading = GraphReading.Whole } };
        }

        _own.Clear();
        var nodes = new AnonVmaImage[image.AnonVmas.Count];
        for (var at = 0; at < nodes.Length; at++)
        {
            var node = image.AnonVmas[at];
            nodes[at] = node with
            {
                Id = Of(node.Id, reading.Order),
                Root = Of(node.Root, reading.Order),
                Parent = Of(node.Parent, reading.Order),
            };
        }

        var vmas = _own.Count == 0 ? image.Vmas : [.. image.Vmas.Select(vma => Part(vma, reading.Order))];
        return reading with
        {
            Process = reading.Process with
            {
                Image = image with { Vmas = vmas, AnonVmas = nodes, Identity = isHeld ? image.Identity : 0 },
                Reading = isHeld ? reading.Process.Reading : GraphReading.Changed,
            },
        };
    }

    private VmaImage Part(VmaImage vma, int order)
    {
        if (vma.AnonVma == 0 && vma.Chain.Count == 0)
        {
            return vma;
        }

        var chain = new ulong[vma.Chain.Count];
        for (var at = 0; at < chain.Length; at++)
        {
            chain[at] = Of(vma.Chain[at], order);
        }

        return vma with { AnonVma = Of(vma.AnonVma, order), Chain = chain };
    }

    private ulong Of(ulong pointer, int order)
    {
        if (pointer == 0 || (_first.TryGetValue(pointer, out var first) && first < order))
        {
            return pointer;
        }

        if (!_own.TryGetValue(pointer, out var own))
        {
            own = ++_last;
            _own.Add(pointer, own);
        }

        return own;
    }

    // All anon_vmas of a machine, as a rule for the few of one or two processes: worth being compiled well at once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Meet(ReadOnlySpan<AnonVmaImage> nodes, int order)
    {
        foreach (var node in nodes)
        {
            Meet(node.Id, order);
            if (node.Root != node.Id)
            {
                Meet(node.Root, order);
                Meet(node.Parent, order);
            }
        }
    }

    private void Meet(ulong pointer, int order)
    {
        ref var first = ref CollectionsMarshal.GetValueRefOrNullRef(_first, pointer);
        if (!Unsafe.IsNullRef(ref first))
        {
            first = Math.Min(first, order);
        }
    }
}
