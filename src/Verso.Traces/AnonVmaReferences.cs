using Verso.Engine.Images;

namespace Verso.Traces;

/// <summary>
/// Names the anon_vmas of an image by their place in its list: a kernel pointer costs its bytes once.
/// </summary>
/// <param name="to">Where references go.</param>
/// <param name="listed">How many anon_vmas the list has.</param>
/// <param name="names">Other names for those that are not in the list; null: as they are.</param>
internal sealed class AnonVmaReferences(ByteEncoder to, int listed, OpaqueNumbers? names)
{
    private readonly AddressNumbers _numbers = new(listed);

    // By number. An image that was read while its graph changed may list an anon_vma twice: the first place counts.
    private readonly int[] _places = new int[listed + 1];
    private int _last;

    /// <summary>The next anon_vma of the list.</summary>
    public void Add(ulong id)
    {
        _last++;
        ref int place = ref _places[_numbers.Of(id)];
        place = place == 0 ? _last : place;
    }

    /// <summary>0: none. Odd: a place in the list, doubled, plus 1. 2: an id that is not in the list follows.</summary>
    public void Write(ulong id)
    {
        if (id == 0)
        {
            to.Number(0);
        }
        else if (_numbers.Find(id) is int number and not 0)
        {
            to.Number(((ulong)_places[number] << 1) | 1);
        }
        else
        {
            to.Number(2);
            to.Number(names?.OfAnonVma(id) ?? id);
        }
    }
}
