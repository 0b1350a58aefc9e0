using Verso.Engine.ReverseMaps;

namespace Verso.Engine.Tests.Conformance;

/// <summary>Two sums over numbers (FNV-1a, and a multiplicative one); names count by first appearance.</summary>
internal sealed class StateHash : IStateNotes
{
    private readonly Dictionary<(char Kind, ulong Name), ulong> _names = [];
    private ulong _first = 14695981039346656037;
    private ulong _second = 0x9e3779b97f4a7c15;

    public UInt128 Value => new(_first, _second);

    public void Add(ulong number)
    {
        _first = unchecked((_first ^ number) * 1099511628211);
        _first ^= _first >> 29;
        _second = unchecked((ulong.RotateLeft(_second, 23) + number) * 0xbf58476d1ce4e5b9);
        _second ^= _second >> 31;
    }

    /// <summary>0 is no name.</summary>
    public void AddName(char kind, ulong name)
    {
        if (name != 0 && !_names.TryGetValue((kind, name), out ulong number))
        {
            number = (ulong)_names.Count + 1;
            _names.Add((kind, name), number);
            Add(number);
            return;
        }

        Add(name == 0 ? 0 : _names[(kind, name)]);
    }

    /// <inheritdoc/>
    public void Number(ulong value) => Add(value);

    /// <inheritdoc/>
    public void Object(int handle) => AddName('o', (ulong)handle);

    /// <inheritdoc/>
    public void Page(Pfn frame, int slot)
    {
        AddName('f', (ulong)frame.Value);
        AddName('s', (ulong)slot);
    }
}
