using Verso.Engine.Images;

namespace Verso.Traces;

/// <summary>Numbers from 1 for what is only ever compared: kernel addresses stay out of files.</summary>
/// <param name="anonVmas">About how many anon_vmas will come.</param>
internal sealed class OpaqueNumbers(int anonVmas)
{
    private readonly AddressNumbers _anonVmas = new(anonVmas);
    private readonly AddressNumbers _others = new();

    /// <summary>The number of an anon_vma; 0 for 0.</summary>
    public ulong OfAnonVma(ulong address) => (ulong)_anonVmas.Of(address);

    /// <summary>The number of anything else; 0 for 0.</summary>
    public ulong OfOther(ulong address) => (ulong)_others.Of(address);
}
