using System.Diagnostics.CodeAnalysis;

namespace Verso.Engine.Calls;

/// <summary>
/// Every call, a row each. Importers, recorder, traces, replay, scenarios, test processes and reports go by it, and
/// nothing else has a list of calls.
/// </summary>
public static partial class CallTable
{
    private static readonly Lock _adding = new();
    private static volatile Index _index = new(Linux);

    /// <summary>All rows, in the order of their kinds.</summary>
    public static IEnumerable<CallRow> Rows => _index.Rows;

    /// <summary>
    /// The system calls that a recorder tells by their place in this list plus one; 0 is none. Those that make and end
    /// processes come after it (<see cref="ProcessCalls"/>). The recorder was built with this list: what is added later
    /// (<see cref="Add"/>) is not in it.
    /// </summary>
    public static IReadOnlyList<(CallRow Row, SystemCall Call)> Recorded { get; } =
    [
        .. from row in Rows
           from call in row.SystemCalls
           where call.Readers != CallReaders.Nobody
           select (row, call),
    ];

    /// <summary>What makes and ends processes and threads: no calls of an address space, but followed.</summary>
    public static IReadOnlyList<SystemCall> ProcessCalls { get; } =
    [
        new("clone", [56], [120]),
        new("clone3", [435], [435]),
        new("fork", [57], [2]),
        new("vfork", [58], [190]),
        new("exec", [59, 322], [11, 358]),
    ];

    /// <summary>The row of a kind; null if no call has it.</summary>
    public static CallRow? Find(CallKind kind) => _index.ByKind[(byte)kind];

    /// <summary>The row of a kind that there is.</summary>
    public static CallRow Of(CallKind kind) =>
        Find(kind) ?? throw new ArgumentOutOfRangeException(nameof(kind), kind, "no call");

    /// <summary>The call that this verb of scenarios stands for; null if none.</summary>
    public static CallRow? OfVerb(string verb) => _index.ByVerb.GetValueOrDefault(verb);

    /// <summary>The call that a system call of this name asks for.</summary>
    public static bool TryFind(
        ReadOnlySpan<char> name, [NotNullWhen(true)] out CallRow? row, [NotNullWhen(true)] out SystemCall? call)
    {
        bool found = _index.ByName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var named);
        (row, call) = named;
        return found;
    }

    /// <summary>
    /// A call that another assembly adds. Its kind, its verb, and the names and numbers of its system calls must be
    /// free, and the machine does what its body says.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The kind is none of calls (16 to 47), or something is taken; then nothing has been added.
    /// </exception>
    public static void Add(CallRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        lock (_adding)
        {
            _index = WhyNotAdded(row) is string reason
                ? throw new ArgumentException($"call '{row.Name}' cannot be added: {reason}", nameof(row))
                : new Index([.. _index.Rows, row]);
        }
    }

    private static string? WhyNotAdded(CallRow row)
    {
        if (row.Kind is < FirstKind or > LastKind || Find(row.Kind) is not null)
        {
            IEnumerable<int> free = Enumerable.Range((int)FirstKind, LastKind - FirstKind + 1)
                .Where(kind => Find((CallKind)kind) is null);
            string of = Find(row.Kind) is CallRow taken ? $"that of '{taken.Name}'" : "none of a call";
            return $"kind {(byte)row.Kind} is {of}; free are {string.Join(", ", free)}";
        }

        HashSet<string> own = [];
        foreach (string claim in Claims(row))
        {
            string? owner = !own.Add(claim) ? row.Name
                : Rows.FirstOrDefault(other => Claims(other).Contains(claim))?.Name
                ?? ProcessCalls.FirstOrDefault(call => Claims(call).Contains(claim))?.Name;
            if (owner is not null)
            {
                return $"{claim} is taken by '{owner}'; choose another";
            }
        }

        return null;
    }

    /// <summary>What can belong to one call only, but for its kind.</summary>
    private static IEnumerable<string> Claims(CallRow row) =>
        row.SystemCalls.SelectMany(Claims).Concat(row.Verb is null ? [] : [$"verb '{row.Verb}'"]);

    private static IEnumerable<string> Claims(SystemCall call) =>
    [
        $"name '{call.Name}'",
        .. call.Numbers.Select(number => $"number {number} of x86-64"),
        .. call.CompatNumbers.Select(number => $"number {number} of i386"),
    ];

    /// <summary>The kinds that calls may have.</summary>
    public const CallKind FirstKind = CallKind.Mmap;

    /// <inheritdoc cref="FirstKind"/>
    public const CallKind LastKind = (CallKind)47;

    private sealed class Index
    {
        public Index(IEnumerable<CallRow> rows)
        {
            Rows = [.. rows.OrderBy(row => row.Kind)];
            foreach (CallRow row in Rows)
            {
                ByKind[(byte)row.Kind] = row;
                if (row.Verb is not null)
                {
                    ByVerb.Add(row.Verb, row);
                }

                foreach (SystemCall call in row.SystemCalls)
                {
                    ByName.Add(call.Name, (row, call));
                }
            }
        }

        public IReadOnlyList<CallRow> Rows { get; }

        public CallRow?[] ByKind { get; } = new CallRow?[byte.MaxValue + 1];

        public Dictionary<string, (CallRow Row, SystemCall Call)> ByName { get; } = [];

        public Dictionary<string, CallRow> ByVerb { get; } = [];
    }
}
