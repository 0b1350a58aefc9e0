using Verso.Lab.Playing;

namespace Verso.Lab.Scenarios;

/// <summary>A scenario made on the way: every step depends on what the ones before it have mapped.</summary>
/// <param name="generator">Makes them.</param>
/// <param name="count">How many.</param>
public sealed class RandomSource(OpGenerator generator, int count) : ISource<Op>
{
    private readonly List<Op> _given = new(count);

    /// <inheritdoc/>
    public int Ahead => 1;

    /// <summary>The steps so far: with them the same can be played again.</summary>
    public IReadOnlyList<Op> Given => _given;

    /// <inheritdoc/>
    public int Read(Span<Op> steps)
    {
        if (_given.Count == count)
        {
            return 0;
        }

        Op op = generator.Next();
        _given.Add(op);
        steps[0] = op;
        return 1;
    }
}
