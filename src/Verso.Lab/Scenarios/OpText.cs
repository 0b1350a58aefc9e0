using System.Globalization;
using System.Text;
using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>Steps as text: one a line, a verb, then the address space, then numbers of pages, then words.</summary>
/// <remarks>
/// <code>
///   map A 4 3 rw [shared] [hint] [noreplace] [populate] [locked] [noreserve]
///       [growsdown] [droppable] [below2gib] [stack] [nonblock]          map A ? 3 rw: anywhere
///   file A 4 3 r- f 2 [shared] ...          3 pages of file f from its page 2
///   unmap A 4 3         protect A 4 3 r-    advise A 4 3 dontneed      lock A 4 3 [onfault]     unlock A 4 3
///   remap A 4 3 5 [maymove] [dontunmap] [fixed 10 | hint 10]           lockall A [current] [future] [onfault]
///   unlockall A
///   brk A 20            policy A 4 3 1      name A 4 3 [heap]: none takes it away
///   seal A 4 3          mergeany A [off] (PR_SET_MEMORY_MERGE)         denyexec A [noinherit] (PR_SET_MDWE)
///   vdso A 4            [vvar], [vvar_vclock] and [vdso] from there (ARCH_MAP_VDSO_64)
///   watch A 4 3 missing [wp] [minor] [other] (UFFDIO_REGISTER)         unwatch A 4 3 [other]     forget A [other]
///   fillcopy A 5 77     fillzero A 5 2      fillcache A 5 2     fillmove A 5 2 9 (to 5 and 6, from 9 and 10)
///   limit A as 20       limit A data 4      limit A memlock 2           limit A as none
///   fork A B      share A      exit A      exec A       begin B
///       [an address space that others share stays theirs when A execs: it is called a from then on]
///   read A 5            write A 5 77        truncate f 5 (half pages)  punch f 1 2              fail 3
///   attach A 4 rw [over] [round] (shmat)    detach A 4 (shmdt)
///   swapout A 5         migrate A 5       run A 5 (an instruction fetch)
/// </code>
/// Pages may be followed by bytes: unmap A 4.1 2.100 asks for page 4 and 1 byte on, and 2 pages and 100 bytes. mprotect
/// knows growsdown and growsup; map, file, remap, lock and lockall know unknown, a flag that no kernel has. Advice may
/// be a number. Empty lines are skipped, and what follows a # is a remark.
/// </remarks>
public static class OpText
{
    private static readonly Dictionary<OpKind, string> Verbs =
        Enum.GetValues<OpKind>().ToDictionary(kind => kind, kind => Lower(kind.ToString()));

    private static readonly Dictionary<string, OpKind> Kinds = Verbs.ToDictionary(pair => pair.Value, pair => pair.Key);

    private static readonly Dictionary<OpWords, string> Words =
        Enum.GetValues<OpWords>().Where(word => word != 0).ToDictionary(word => word, word => Lower(word.ToString()));

    /// <summary>The words that each kind of step understands; the other kinds understand none.</summary>
    private static readonly Dictionary<OpKind, OpWords> Understood = new()
    {
        [OpKind.Map] = Mapping,
        [OpKind.File] = Mapping,
        [OpKind.Protect] = OpWords.GrowsDown | OpWords.GrowsUp,
        [OpKind.Remap] = OpWords.MayMove | OpWords.DontUnmap | OpWords.Fixed | OpWords.Hint | OpWords.Unknown
            | OpWords.Relocate,
        [OpKind.Lock] = OpWords.OnFault | OpWords.Unknown,
        [OpKind.LockAll] = OpWords.Current | OpWords.Future | OpWords.OnFault | OpWords.Unknown,
        [OpKind.Attach] = OpWords.Over | OpWords.Round,
        [OpKind.MergeAny] = OpWords.Off,
        [OpKind.DenyExec] = OpWords.NoInherit,
        [OpKind.Watch] = OpWords.Missing | OpWords.Wp | OpWords.Minor | OpWords.Other,
        [OpKind.Unwatch] = OpWords.Other,
        [OpKind.Forget] = OpWords.Other,
        [OpKind.FillCopy] = OpWords.Other,
        [OpKind.FillZero] = OpWords.Other,
        [OpKind.FillCache] = OpWords.Other,
        [OpKind.FillMove] = OpWords.Other,
    };

    private const OpWords Mapping = OpWords.Shared | OpWords.Hint | OpWords.NoReplace | OpWords.Populate
        | OpWords.Locked | OpWords.NoReserve | OpWords.GrowsDown | OpWords.Droppable | OpWords.Below2Gib
        | OpWords.Stack | OpWords.NonBlock | OpWords.Unknown;

    /// <summary>The word that a kind of step begins with.</summary>
    internal static string VerbOf(OpKind kind) => Verbs[kind];

    /// <summary>One line, without its end.</summary>
    public static string Print(Op op)
    {
        StringBuilder text = new(Verbs[op.Kind]);
        if (op.Kind == OpKind.Fail)
        {
            return text.Append(CultureInfo.InvariantCulture, $" {op.Start}").ToString();
        }

        text.Append(' ').Append(op.Mm);
        foreach (string field in Fields(op))
        {
            text.Append(' ').Append(field);
        }

        foreach ((OpWords word, string name) in Words)
        {
            if (op.Has(word))
            {
                text.Append(' ').Append(name);
                if (op.Kind == OpKind.Remap && word is OpWords.Fixed or OpWords.Hint)
                {
                    text.Append(' ').Append(Text(op.Target, op.Odd.Target));
                }
            }
        }

        return text.ToString();
    }

    /// <summary>The step in a line. Throws <see cref="FormatException"/> on anything else.</summary>
    public static Op Parse(string line)
    {
        string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2 || !Kinds.TryGetValue(parts[0], out OpKind kind))
        {
            throw new FormatException($"not a step: {line}");
        }

        Queue<string> rest = new(parts[1..]);
        try
        {
            Op op = kind == OpKind.Fail
                ? new Op(kind, '-') { Start = Number(rest) }
                : ParseFields(new Op(kind, Letter(rest)), rest);
            while (rest.TryDequeue(out string? word))
            {
                op = op with { Words = op.Words | Word(kind, word) };
                bool hasTarget = kind == OpKind.Remap && word is "fixed" or "hint";
                op = hasTarget ? WithTarget(op, rest) : op;
            }

            return op;
        }
        catch (InvalidOperationException unknown)
        {
            throw new FormatException($"a word is missing or unknown: {line}", unknown);
        }
    }

    private static string[] Fields(Op op)
    {
        switch (op.Kind)
        {
            case OpKind.Map:
                return [Place(op), Text(op.Count, op.Odd.Count), Text(op.Protection)];
            case OpKind.File:
                return
                [
                    Place(op), Text(op.Count, op.Odd.Count), Text(op.Protection), $"{op.Other}",
                    Text(op.Target, op.Odd.Target),
                ];
            case OpKind.Attach:
                return [Place(op), Text(op.Protection)];
            case OpKind.Protect:
                return [Text(op.Start, op.Odd.Start), Text(op.Count, op.Odd.Count), Text(op.Protection)];
            case OpKind.Remap:
                return [Text(op.Start, op.Odd.Start), Text(op.Count, op.Odd.Count), Text(op.NewCount, op.Odd.NewCount)];
            case OpKind.Advise:
                return [Text(op.Start, op.Odd.Start), Text(op.Count, op.Odd.Count), Lower(op.Advice.ToString())];
            case OpKind.Unmap or OpKind.Lock or OpKind.Unlock or OpKind.Punch or OpKind.Seal or OpKind.Watch
                or OpKind.Unwatch or OpKind.FillZero or OpKind.FillCache:
                return [Text(op.Start, op.Odd.Start), Text(op.Count, op.Odd.Count)];
            case OpKind.Policy:
                return [Text(op.Start, op.Odd.Start), Text(op.Count, op.Odd.Count), Text(op.Value)];
            case OpKind.Name:
                string[] range = [Text(op.Start, op.Odd.Start), Text(op.Count, op.Odd.Count)];
                return op.Name is null ? range : [.. range, op.Name];
            case OpKind.Brk or OpKind.Read or OpKind.Run or OpKind.Truncate or OpKind.SwapOut or OpKind.Migrate
                or OpKind.Retract or OpKind.Detach or OpKind.Vdso:
                return [Text(op.Start, op.Odd.Start)];
            case OpKind.FillMove:
                return [Text(op.Start), Text(op.Count), Text(op.Target)];
            case OpKind.Write or OpKind.FillCopy:
                return [Text(op.Start), Text(op.Value)];
            case OpKind.Limit:
                return [Lower(op.Resource.ToString()), op.Count < 0 ? "none" : Text(op.Count)];
            case OpKind.Fork:
                return [$"{op.Other}"];
            default:
                return [];
        }
    }

    private static Op ParseFields(Op op, Queue<string> rest)
    {
        switch (op.Kind)
        {
            case OpKind.Map:
                return WithProtection(WithCount(WithPlace(op, rest), rest), rest);
            case OpKind.File:
                op = WithProtection(WithCount(WithPlace(op, rest), rest), rest) with { Other = Letter(rest) };
                return WithTarget(op, rest);
            case OpKind.Attach:
                return WithProtection(WithPlace(op, rest), rest);
            case OpKind.Protect:
                return WithProtection(WithRange(op, rest), rest);
            case OpKind.Remap:
                op = WithRange(op, rest);
                (long wanted, int bytes) = PagesAndBytes(rest);
                return op with { NewCount = wanted, Odd = op.Odd with { NewCount = bytes } };
            case OpKind.Advise:
                return WithRange(op, rest) with { Advice = Enum.Parse<Advice>(rest.Dequeue(), ignoreCase: true) };
            case OpKind.Unmap or OpKind.Lock or OpKind.Unlock or OpKind.Punch or OpKind.Seal or OpKind.Watch
                or OpKind.Unwatch or OpKind.FillZero or OpKind.FillCache:
                return WithRange(op, rest);
            case OpKind.Policy:
                return WithRange(op, rest) with { Value = Byte(rest) };
            case OpKind.Name:
                op = WithRange(op, rest);
                return op with { Name = rest.TryDequeue(out string? name) ? name : null };
            case OpKind.Brk or OpKind.Detach or OpKind.Vdso:
                return WithStart(op, rest);
            case OpKind.Read or OpKind.Run or OpKind.Truncate or OpKind.SwapOut or OpKind.Migrate or OpKind.Retract:
                return op with { Start = Number(rest) };
            case OpKind.FillMove:
                return op with { Start = Number(rest), Count = Number(rest), Target = Number(rest) };
            case OpKind.Write or OpKind.FillCopy:
                return op with { Start = Number(rest), Value = Byte(rest) };
            case OpKind.Limit:
                op = op with { Resource = Enum.Parse<LimitedResource>(rest.Dequeue(), ignoreCase: true) };
                return op with { Count = rest.Peek() == "none" && rest.Dequeue() is { } ? -1 : Number(rest) };
            case OpKind.Fork:
                return op with { Other = Letter(rest) };
            default:
                return op;
        }
    }

    private static Op WithPlace(Op op, Queue<string> rest)
    {
        if (rest.Peek() != "?")
        {
            return WithStart(op, rest);
        }

        _ = rest.Dequeue();
        return op with { Start = Op.Anywhere };
    }

    private static Op WithStart(Op op, Queue<string> rest)
    {
        (long pages, int bytes) = PagesAndBytes(rest);
        return op with { Start = pages, Odd = op.Odd with { Start = bytes } };
    }

    private static Op WithCount(Op op, Queue<string> rest)
    {
        (long pages, int bytes) = PagesAndBytes(rest);
        return op with { Count = pages, Odd = op.Odd with { Count = bytes } };
    }

    private static Op WithRange(Op op, Queue<string> rest) => WithCount(WithStart(op, rest), rest);

    private static Op WithTarget(Op op, Queue<string> rest)
    {
        (long pages, int bytes) = PagesAndBytes(rest);
        return op with { Target = pages, Odd = op.Odd with { Target = bytes } };
    }

    private static Op WithProtection(Op op, Queue<string> rest) =>
        op with { Protection = ParseProtection(rest.Dequeue()) };

    private static string Place(Op op) => op.Start == Op.Anywhere ? "?" : Text(op.Start, op.Odd.Start);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(long pages, int bytes) =>
        bytes == 0 ? Text(pages) : string.Create(CultureInfo.InvariantCulture, $"{pages}.{bytes}");

    private static string Text(Protection protection) =>
        ((protection & Protection.Read) != 0 ? "r" : "-")
        + ((protection & Protection.Write) != 0 ? "w" : "-")
        + ((protection & Protection.Exec) != 0 ? "x" : string.Empty);

    private static Protection ParseProtection(string text) => text.AsSpan().ContainsAnyExcept("rwx-")
        ? throw new FormatException($"no permissions: {text}")
        : (text.Contains('r') ? Protection.Read : 0)
        | (text.Contains('w') ? Protection.Write : 0)
        | (text.Contains('x') ? Protection.Exec : 0);

    private static OpWords Word(OpKind kind, string text) =>
        Words.FirstOrDefault(pair => pair.Value == text).Key is var word and not OpWords.None
        && Understood.GetValueOrDefault(kind).HasFlag(word)
            ? word
            : throw new FormatException($"'{text}' is not a word of '{Verbs[kind]}'");

    private static char Letter(Queue<string> rest) => rest.Dequeue() is [char letter] && char.IsAsciiLetter(letter)
        ? letter
        : throw new FormatException("processes and files have names of one letter");

    private static byte Byte(Queue<string> rest) => Number(rest) is >= 0 and <= byte.MaxValue and var value
        ? (byte)value
        : throw new FormatException($"a byte is a number from 0 to {byte.MaxValue}");

    private static long Number(Queue<string> rest) => Number(rest.Dequeue());

    private static (long Pages, int Bytes) PagesAndBytes(Queue<string> rest)
    {
        string[] parts = rest.Dequeue().Split('.', 2);
        long bytes = parts.Length == 1 ? 0 : Number(parts[1]);
        return bytes is >= 0 and < (int)Page.Size
            ? (Number(parts[0]), (int)bytes)
            : throw new FormatException($"{bytes} bytes are not part of a page");
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture) is var number
        && number != Op.Anywhere
            ? number
            : throw new FormatException($"not a page number: {text}");

    private static string Lower(string name) => name.ToLowerInvariant();
}
