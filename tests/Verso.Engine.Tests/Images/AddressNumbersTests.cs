using Verso.Engine.Images;

namespace Verso.Engine.Tests.Images;

/// <summary>Addresses are numbered as a dictionary would number them.</summary>
/// <remarks>
/// Strategy: random addresses, many of them near or equal, with the bounds of the type among them, are numbered
/// beside a dictionary. The seeds are fixed.
/// </remarks>
public sealed class AddressNumbersTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 7)]
    [InlineData(3, 1000)]
    [InlineData(4, 100_000)]
    public void NumbersAreThoseOfADictionary(int seed, int expected)
    {
        Random random = new(seed);
        AddressNumbers numbers = new(expected);
        Dictionary<ulong, int> model = [];
        for (int step = 0; step < 20_000; step++)
        {
            ulong address = Address(random);
            Assert.Equal(address == 0 ? 0 : model.GetValueOrDefault(address), numbers.Find(address));
            if (address != 0)
            {
                model.TryAdd(address, model.Count + 1);
            }

            Assert.Equal(model.GetValueOrDefault(address), numbers.Of(address));
            Assert.Equal(model.Count, numbers.Count);
            if (random.Next(5_000) == 0)
            {
                numbers.Clear();
                model.Clear();
            }
        }
    }

    [Fact]
    public void AddressesThatCollideAreToldApart()
    {
        // Multiples of 2^60 differ only in the bits that spreading leaves last.
        AddressNumbers numbers = new();
        ulong[] addresses = [.. Enumerable.Range(1, 15).Select(each => (ulong)each << 60)];
        Assert.Equal(Enumerable.Range(1, 15), addresses.Select(numbers.Of));
        Assert.Equal(Enumerable.Range(1, 15), addresses.Select(numbers.Find));
        Assert.Equal(0, numbers.Find(1));
    }

    // Slots of a slab, few enough to come again, and the extremes.
    private static ulong Address(Random random) => random.Next(20) switch
    {
        0 => 0,
        1 => ulong.MaxValue - (ulong)random.Next(3),
        2 => (ulong)random.NextInt64(),
        _ => 0xffff_8880_0000_0000 + ((ulong)random.Next(4_000) * 104),
    };
}
