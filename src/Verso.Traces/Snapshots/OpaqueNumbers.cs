using System.Runtime.InteropServices;

namespace Verso.Traces.Snapshots;

/// <summary>Numbers from 1 for what is only ever compared: kernel addresses stay out of files.</summary>
internal sealed class OpaqueNumbers
{
    private readonly Dictionary<ulong, ulong> _anonVmas = [];
    private readonly Dictionary<ulong, ulong> _others = [];

    /// <summary>The number of an anon_vma; 0 for 0.</summary>
    public ulong OfAnonVma(ulong address) => Number(_anonVmas, address);

    /// <summary>The number of anything else; 0 for 0.</summary>
    public ulong OfOther(ulong address) => Number(_others, address);

    private static ulong Number(Dictionary<ulong, ulong> numbers, ulong address)
    {
        if (address == 0)
        {
            return 0;
        }

        ref ulong number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, address, out bool known);
        number = known ? number : (ulong)numbers.Count;
        return number;
    }
}
