using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>Who forks whom.</summary>
internal enum ForkShape
{
    /// <summary>Each child forks the next one.</summary>
    Chain = 0,

    /// <summary>The first one forks all.</summary>
    FanOut = 1,

    /// <summary>Anybody does.</summary>
    Mixed = 2,
}

/// <summary>Processes that fork each other, drawn one by one.</summary>
internal sealed class ForkTree(SplitMix64 random, ForkShape shape)
{
    private readonly List<char> _letters = ['A'];

    /// <summary>A first, the youngest last.</summary>
    public IReadOnlyList<char> Letters => _letters;

    /// <summary>As parameters have the shape.</summary>
    public string Name => shape switch
    {
        ForkShape.Chain => "chain",
        ForkShape.FanOut => "fan-out",
        _ => "mixed",
    };

    /// <summary>The step that forks the next one.</summary>
    public string Next()
    {
        char parent = shape switch
        {
            ForkShape.Chain => _letters[^1],
            ForkShape.FanOut => 'A',
            _ => random.Pick(_letters),
        };
        char child = (char)('A' + _letters.Count);
        _letters.Add(child);
        return $"fork {parent} {child}";
    }
}
