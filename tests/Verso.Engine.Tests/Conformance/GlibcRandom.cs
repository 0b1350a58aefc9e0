namespace Verso.Engine.Tests.Conformance;

/// <summary>
/// The numbers of <c>srand</c> and <c>rand</c> of glibc (TYPE_3): an additive feedback generator over 31 words, seeded
/// by a Lehmer generator, of which the first 310 numbers are thrown away.
/// </summary>
internal sealed class GlibcRandom
{
    private const int Degree = 31;
    private const int Separation = 3;

    private readonly uint[] _state = new uint[Degree];
    private int _at = Separation;

    public GlibcRandom(uint seed)
    {
        long word = seed;
        for (int i = 0; i < Degree; i++)
        {
            _state[i] = (uint)word;
            word = word * 16807 % 2147483647;
        }

        for (int i = 0; i < Degree * 10; i++)
        {
            _ = Next();
        }
    }

    /// <summary>0 to 2^31 - 1.</summary>
    public int Next()
    {
        // Each number is the sum of those 31 and 3 before it.
        uint sum = unchecked(_state[_at] + _state[(_at + Degree - Separation) % Degree]);
        _state[_at] = sum;
        _at = (_at + 1) % Degree;
        return (int)(sum >> 1);
    }
}
