using Verso.Engine.Calls;

namespace Verso.Traces.Importers;

/// <summary>Memory calls in texts, by name.</summary>
internal static class MemoryCalls
{
    /// <summary>It is no memory call.</summary>
    public const int NoMemoryCall = -1;

    /// <summary>A trace has no event for it, or a text does not say enough.</summary>
    public const int NotImported = -2;

    /// <summary>
    /// How many arguments of this call are read; <see cref="NoMemoryCall"/> or <see cref="NotImported"/>.
    /// </summary>
    public static int ArgumentsOf(ReadOnlySpan<char> name) =>
        !CallTable.TryFind(name, out CallRow? row, out SystemCall? call) ? NoMemoryCall
        : call.Readers switch
        {
            CallReaders.Everybody => call.RegisterCount,
            CallReaders.Nobody when row.Concerned is not null => NoMemoryCall,
            _ => NotImported,
        };

    /// <summary>
    /// The event of a call, without its result and file; kind None if it does not concern memory after all.
    /// </summary>
    public static TraceEvent Translate(ReadOnlySpan<char> name, ReadOnlySpan<ulong> arguments)
    {
        TraceEvent e = default;
        if (CallTable.TryFind(name, out CallRow? row, out SystemCall? call) && call.Readers == CallReaders.Everybody
            && row.Concerns(arguments.Length > 0 ? arguments[0] : 0))
        {
            CallArguments.Read(row, call, arguments, ref e);
        }

        return e;
    }
}
