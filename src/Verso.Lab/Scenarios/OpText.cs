using System.Globalization;
using System.Text;
using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>Steps as text: one a line, a verb, then the address space, then numbers of pages, then words.</summary>
/// <remarks>
/// <code>
///   map A 4 3 rw [shared] [hint] [noreplace] [populate] [locked] [noreserve]
///       [growsdown] [droppable]           map A ? 3 rw: anywhere
///   file A 4 3 r- f 2 [shared] ...          3 pages of file f from its page 2
///   unmap A 4 3         protect A 4 3 r-    advise A 4 3 dontneed      lock A 4 3 [onfault]     unlock A 4 3
///   remap A 4 3 5 [maymove] [dontunmap] [fixed 10 | hint 10]           lockall A [current] [future] [onfault]
///   brk A 20            policy A 4 3 1      fork A B      share A      exit A      exec A       unlockall A
///   read A 5            write A 5 77        truncate f 5 (half pages)  punch f 1 2              fail 3
///   swapout A 5         migrate A 5       run A 5 (an instruction fetch)
/// </code>
/// Empty lines and what follows a # are skipped.
/// </remarks>
public static class OpText
{
    private static readonly Dictionary<OpKind, string> Verbs =
        Enum.GetValues<OpKind>().ToDictionary(kind => kind, kind => Lower(kind.ToString()));

    private static readonly Dictionary<string, OpKind> Kinds = Verbs.ToDictionary(pair => pair.Value, pair => pair.Key);

    private static readonly Dictionary<OpWords, string> Words =
        Enum.GetValues<OpWords>().Where(word => word != 0).ToDictionary(word => word, word => Lower(word.ToString()));

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
                    text.Append(CultureInfo.InvariantCulture, $" {op.Target}");
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
                : ParseFields(new Op(kind, rest.Dequeue()[0]), rest);
            while (rest.TryDequeue(out string? word))
            {
                op = op with { Words = op.Words | Words.Single(pair => pair.Value == word).Key };
                bool hasTarget = kind == OpKind.Remap && word is "fixed" or "hint";
                op = hasTarget && kind == OpKind.Remap ? op with { Target = Number(rest) } : op;
            }

            return op;
        }
        catch (InvalidOperationException)
        {
            throw new FormatException($"a word is missing or unknown: {line}");
        }
    }

    private static IEnumerable<string> Fields(Op op)
    {
        switch (op.Kind)
        {
            case OpKind.Map:
                return [Place(op), Text(op.Count), Text(op.Protection)];
            case OpKind.File:
                return [Place(op), Text(op.Count), Text(op.Protection), $"{op.Other}", Text(op.Target)];
            case OpKind.Protect:
                return [Text(op.Start), Text(op.Count), Text(op.Protection)];
            case OpKind.Remap:
                return [Text(op.Start), Text(op.Count), Text(op.NewCount)];
            case OpKind.Advise:
                return [Text(op.Start), Text(op.Count), Lower(op.Advice.ToString())];
            case OpKind.Unmap or OpKind.Lock or OpKind.Unlock or OpKind.Punch:
                return [Text(op.Start), Text(op.Count)];
            case OpKind.Policy:
                return [Text(op.Start), Text(op.Count), Text(op.Value)];
            case OpKind.Brk or OpKind.Read or OpKind.Run or OpKind.Truncate or OpKind.SwapOut or OpKind.Migrate:
                return [Text(op.Start)];
            case OpKind.Write:
                return [Text(op.Start), Text(op.Value)];
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
            case OpKind.Map or OpKind.File:
                string place = rest.Dequeue();
                op = op with
                {
                    Start = place == "?" ? Op.Anywhere : Number(place),
                    Count = Number(rest),
                    Protection = ParseProtection(rest.Dequeue()),
                };
                return op.Kind == OpKind.Map ? op : op with { Other = rest.Dequeue()[0], Target = Number(rest) };
            case OpKind.Protect:
                return op with
                {
                    Start = Number(rest),
                    Count = Number(rest),
                    Protection = ParseProtection(rest.Dequeue()),
                };
            case OpKind.Remap:
                return op with { Start = Number(rest), Count = Number(rest), NewCount = Number(rest) };
            case OpKind.Advise:
                return op with
                {
                    Start = Number(rest),
                    Count = Number(rest),
                    Advice = Enum.Parse<Advice>(rest.Dequeue(), ignoreCase: true),
                };
            case OpKind.Unmap or OpKind.Lock or OpKind.Unlock or OpKind.Punch:
                return op with { Start = Number(rest), Count = Number(rest) };
            case OpKind.Policy:
                return op with { Start = Number(rest), Count = Number(rest), Value = (byte)Number(rest) };
            case OpKind.Brk or OpKind.Read or OpKind.Run or OpKind.Truncate or OpKind.SwapOut or OpKind.Migrate:
                return op with { Start = Number(rest) };
            case OpKind.Write:
                return op with { Start = Number(rest), Value = (byte)Number(rest) };
            case OpKind.Fork:
                return op with { Other = rest.Dequeue()[0] };
            default:
                return op;
        }
    }

    private static string Place(Op op) => op.Start == Op.Anywhere ? "?" : Text(op.Start);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(Protection protection) =>
        ((protection & Protection.Read) != 0 ? "r" : "-")
        + ((protection & Protection.Write) != 0 ? "w" : "-")
        + ((protection & Protection.Exec) != 0 ? "x" : string.Empty);

    private static Protection ParseProtection(string text) =>
        (text.Contains('r') ? Protection.Read : 0)
        | (text.Contains('w') ? Protection.Write : 0)
        | (text.Contains('x') ? Protection.Exec : 0);

    private static long Number(Queue<string> rest) => Number(rest.Dequeue());

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string Lower(string name) => name.ToLowerInvariant();
}
