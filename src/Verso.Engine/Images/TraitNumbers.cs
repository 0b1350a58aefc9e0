namespace Verso.Engine.Images;

/// <summary>Small numbers for what is opaque in images, the same for what is equal; 0 for what is not there.</summary>
/// <remarks>Counted down from -1: policies that a caller sets by number (mbind) are positive.</remarks>
public sealed class TraitNumbers
{
    private readonly Dictionary<object, int> _numbers = [];
    private readonly Dictionary<int, VmaTraits> _named = [];

    /// <summary>The memory policy.</summary>
    public int PolicyOf(VmaTraits traits)
    {
        ArgumentNullException.ThrowIfNull(traits);
        return traits is { PolicyMode: 0, PolicyNodes: 0 } ? 0 : NumberOf((traits.PolicyMode, traits.PolicyNodes));
    }

    /// <summary>The userfaultfd context.</summary>
    public int UserfaultOf(VmaTraits traits)
    {
        ArgumentNullException.ThrowIfNull(traits);
        return traits.Userfault == 0 ? 0 : NumberOf(traits.Userfault);
    }

    /// <summary>The name of anonymous memory.</summary>
    public int NameOf(VmaTraits traits)
    {
        ArgumentNullException.ThrowIfNull(traits);
        return traits.Name is null ? 0 : NameOf(traits.Name);
    }

    /// <summary>A name: by what it says, as the kernel compares them.</summary>
    public int NameOf(string name)
    {
        int number = NumberOf(name);
        if (!_named.ContainsKey(number))
        {
            _named.Add(number, VmaTraits.None with { Name = name });
        }

        return number;
    }

    /// <summary>Traits with the name of this number and nothing else.</summary>
    public VmaTraits Named(int number) => _named[number];

    private int NumberOf(object trait)
    {
        if (!_numbers.TryGetValue(trait, out int number))
        {
            number = -1 - _numbers.Count;
            _numbers.Add(trait, number);
        }

        return number;
    }
}
