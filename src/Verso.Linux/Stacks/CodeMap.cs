using Verso.Traces;

namespace Verso.Linux.Stacks;

/// <summary>
/// Which files an address space has mapped to execute them, as its events tell: later mappings take the place of what
/// they cover. What is unmapped stays until then, for no code runs there.
/// </summary>
internal sealed class CodeMap
{
    private readonly List<CodeMapping> _mappings = [];

    /// <summary>Where a file was last mapped from its beginning, by device and inode.</summary>
    private readonly Dictionary<(ulong, ulong), ulong> _bases = [];

    /// <summary>By ascending start; none overlaps another.</summary>
    internal IReadOnlyList<CodeMapping> Mappings => _mappings;

    /// <summary>Changes with the mappings.</summary>
    internal int Generation { get; private set; }

    /// <summary>What a child of fork has.</summary>
    internal CodeMap Copy()
    {
        CodeMap copy = new() { Generation = Generation };
        copy._mappings.AddRange(_mappings);
        foreach (var (file, start) in _bases)
        {
            copy._bases[file] = start;
        }

        return copy;
    }

    /// <summary>A file was mapped.</summary>
    /// <param name="start">Where.</param>
    /// <param name="end">To where.</param>
    /// <param name="file">It.</param>
    /// <param name="offset">From which of its bytes on.</param>
    /// <param name="isExecutable">Whether to execute it.</param>
    internal void Add(ulong start, ulong end, FileIdentity file, ulong offset, bool isExecutable)
    {
        if (offset == 0)
        {
            _bases[(file.Device, file.Inode)] = start;
        }

        if (isExecutable && start < end)
        {
            Cover(start, end);
            var from = unchecked(start - offset);
            var first = _bases.GetValueOrDefault((file.Device, file.Inode), from);
            _mappings.Insert(Place(start), new CodeMapping(start, end, first <= start ? first : from, file));
            Generation++;
        }
    }

    /// <summary>The mapping that holds an address; null: no file is known there.</summary>
    internal CodeMapping? Find(ulong address)
    {
        var place = Place(address + 1) - 1;
        return place >= 0 && address < _mappings[place].End ? _mappings[place] : null;
    }

    private void Cover(ulong start, ulong end)
    {
        for (var at = _mappings.Count - 1; at >= 0; at--)
        {
            var old = _mappings[at];
            if (old.End <= start || old.Start >= end)
            {
                continue;
            }

            _mappings.RemoveAt(at);
            if (old.End > end)
            {
                _mappings.Insert(at, old with { Start = end });
            }

            if (old.Start < start)
            {
                _mappings.Insert(at, old with { End = start });
            }
        }
    }

    /// <summary>How many mappings begin below an address.</summary>
    private int Place(ulong start)
    {
        var (low, high) = (0, _mappings.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _mappings[middle].Start < start ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}

/// <summary>A range of code.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">The address behind it.</param>
/// <param name="Base">Where the file's first byte is mapped, or would be.</param>
/// <param name="File">The file.</param>
internal readonly record struct CodeMapping(ulong Start, ulong End, ulong Base, FileIdentity File);
