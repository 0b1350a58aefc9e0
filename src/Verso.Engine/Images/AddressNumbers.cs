using System.Numerics;

namespace Verso.Engine.Images;

/// <summary>
/// Numbers addresses 1, 2, 3, ... as they first come. Only equality of the addresses means anything; 0 is no address
/// and has the number 0.
/// </summary>
/// <remarks>
/// Open addressing: places hold numbers, and a list holds the addresses by number. A framework's dictionary whose keys
/// are values has no code in a program that is compiled ahead of time, and is slow until it is hot.
/// </remarks>
public sealed class AddressNumbers
{
    private const int FewestPlaces = 16;

    // 2^64 over the golden ratio: addresses of a slab differ by small multiples of its slot.
    private const ulong Spread = 0x9e3779b97f4a7c15;

    // One in eight places at least stays free, so that every search ends.
    private const int FullNumerator = 7;
    private const int FullDenominator = 8;

    private int[] _places = [];
    private ulong[] _addresses = [];
    private int _shift;

    /// <summary>None yet.</summary>
    /// <param name="expected">About how many will come: 0 or more; what is wrong costs time only.</param>
    public AddressNumbers(int expected = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expected);
        var places = Math.Max(FewestPlaces, ((long)expected * FullDenominator / FullNumerator) + 1);
        Allocate((int)Math.Min(BitOperations.RoundUpToPowerOf2((ulong)places), 1 << 30));
    }

    /// <summary>How many addresses there are: the number that was given last.</summary>
    public int Count { get; private set; }

    /// <summary>The number of an address; the next one if it has none.</summary>
    public int Of(ulong address)
    {
        if (address == 0)
        {
            return 0;
        }

        var place = Place(address);
        if (_places[place] != 0)
        {
            return _places[place];
        }

        if (Count + 1 >= _addresses.Length)
        {
            Grow();
            place = Place(address);
        }

        _addresses[++Count] = address;
        return _places[place] = Count;
    }

    /// <summary>The number of an address, or 0 if it has none.</summary>
    public int Find(ulong address) => address == 0 ? 0 : _places[Place(address)];

    /// <summary>Forgets all of them, and keeps the memory.</summary>
    public void Clear()
    {
        if (Count > 0)
        {
            Array.Clear(_places);
            Count = 0;
        }
    }

    // Where the number of the address is, or the free place where it belongs.
    private int Place(ulong address)
    {
        var place = (int)((address * Spread) >> _shift);
        while (_places[place] != 0 && _addresses[_places[place]] != address)
        {
            place = (place + 1) & (_places.Length - 1);
        }

        return place;
    }

    private void Grow()
    {
        var addresses = _addresses;
        Allocate(checked(_places.Length * 2));
        addresses.CopyTo(_addresses, 0);
        for (var number = 1; number <= Count; number++)
        {
            _places[Place(addresses[number])] = number;
        }
    }

    private void Allocate(int places)
    {
        _places = new int[places];
        _addresses = new ulong[(places / FullDenominator * FullNumerator) + 1];
        _shift = 64 - BitOperations.Log2((uint)places);
    }
}
