namespace Verso.Engine.ReverseMaps;

/// <summary>
/// What a design has for each live address space, by int handle: the field that it adds to mm_struct.
/// </summary>
/// <remarks>
/// Ids of address spaces grow with the trace while the living stay few; the last one asked for is at hand.
/// </remarks>
internal sealed class MmHandles
{
    private readonly Dictionary<int, int> _handles = [];
    private MmId _lastMm;
    private int _lastHandle;

    /// <summary>The handle of an address space. Requires: it has one.</summary>
    public int this[MmId mm]
    {
        get
        {
            if (mm != _lastMm)
            {
                Invariant.Require(_handles.TryGetValue(mm.Value, out int handle));
                _lastMm = mm;
                _lastHandle = handle;
            }

            return _lastHandle;
        }
    }

    /// <summary>Gives an address space its handle. Requires: it has none.</summary>
    public void Add(MmId mm, int handle) => Invariant.Require(_handles.TryAdd(mm.Value, handle));

    /// <summary>Takes it away. Requires: it has one.</summary>
    public void Remove(MmId mm)
    {
        Invariant.Require(_handles.Remove(mm.Value));
        _lastMm = _lastMm == mm ? default : _lastMm;
    }
}
