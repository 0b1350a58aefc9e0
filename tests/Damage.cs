using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;

namespace Verso.Tests;

/// <summary>Small damage to what files hold: one place at a time, often to a value that means something.</summary>
internal static class Damage
{
    private const string Common = "0123456789abcdefx()<>[]{}=,.|\" -+\\/*#:?ABf";

    private static readonly string[] _values =
        ["null", "0", "-1", "1", "7", "4096", "2147483648", "9223372036854775807", "1e400", "\"\"", "\"x\\u0000\\u202e\"", "[]", "{}", "true"];

    private static readonly TraceEventKind[] _kinds = Enum.GetValues<TraceEventKind>();

    public static ulong Word(Random random) => random.Next(8) switch
    {
        0 => 0,
        1 => (ulong)random.Next(300),
        2 => 0x7fff_f700_0000 + ((ulong)random.Next(1 << 13) << 12),
        3 => ulong.MaxValue - (ulong)random.Next(9000),
        4 => (ulong)random.NextInt64(),
        5 => Page.TaskSize - ((ulong)random.Next(4) << 12),
        6 => (ulong)random.Next(1 << 20) << 12,
        _ => 1UL << random.Next(64),
    };

    /// <summary>One key of a JSON object left out, named otherwise, or with another value.</summary>
    public static string Json(string json, Random random)
    {
        string[] pairs = json[1..^1].Split(",\"");
        int at = random.Next(pairs.Length);
        string key = pairs[at].Trim('"').Split("\":")[0];
        string[] changed = random.Next(4) switch
        {
            0 => [.. pairs[..at], .. pairs[(at + 1)..]],
            1 => [.. pairs[..at], $"{key}x\":0", .. pairs[(at + 1)..]],
            _ => [.. pairs[..at], $"{key}\":{_values[random.Next(_values.Length)]}", .. pairs[(at + 1)..]],
        };
        return $"{{\"{string.Join(",\"", changed.Select(pair => pair.TrimStart('"')))}}}";
    }

    public static byte[] Bytes(byte[] bytes, Random random)
    {
        List<byte> damaged = [.. bytes];
        for (int left = random.Next(1, 5); left > 0 && damaged.Count > 1; left--)
        {
            int at = random.Next(damaged.Count);
            switch (random.Next(6))
            {
                case 0:
                    damaged.RemoveAt(at);
                    break;
                case 1:
                    damaged.Insert(at, (byte)random.Next(256));
                    break;
                case 2:
                    damaged[at] = random.Next(2) == 0 ? (byte)0xff : (byte)0x80;
                    break;
                case 3:
                    damaged.RemoveRange(at, Math.Min(damaged.Count - at, random.Next(20)));
                    break;
                default:
                    damaged[at] = (byte)random.Next(256);
                    break;
            }
        }

        return [.. damaged];
    }

    /// <summary>Lines lost, displaced, doubled, joined and scratched, at most so many of them.</summary>
    public static string Text(string text, int most, Random random)
    {
        List<string> lines = [.. text.Split('\n')];
        for (int left = random.Next(1, most + 1); left > 0 && lines.Count > 1; left--)
        {
            int at = random.Next(lines.Count);
            int other = random.Next(lines.Count);
            switch (random.Next(7))
            {
                case 0:
                    lines.RemoveAt(at);
                    break;
                case 1:
                    (lines[at], lines[other]) = (lines[other], lines[at]);
                    break;
                case 2:
                    lines.Insert(at, lines[other]);
                    break;
                case 3:
                    lines[at] = lines[at][..random.Next(lines[at].Length + 1)] + (random.Next(2) == 0 ? lines[other] : "");
                    break;
                case 4:
                    lines[at] = Words(lines[at], random);
                    break;
                default:
                    lines[at] = Scratch(lines[at], random);
                    break;
            }
        }

        return string.Join('\n', lines);
    }

    private static string Words(string line, Random random)
    {
        string[] words = line.Split(' ');
        string[] others = ["-1", "0", "4.5", "23", "99999999", "9223372036854775807", "->", "#", "option unit 262144", "?", "0x7ffffffff000"];
        words[random.Next(words.Length)] = others[random.Next(others.Length)];
        return string.Join(' ', words);
    }

    private static string Scratch(string line, Random random)
    {
        char[] letters = line.ToCharArray();
        for (int left = random.Next(1, 4); left > 0 && letters.Length > 0; left--)
        {
            letters[random.Next(letters.Length)] = random.Next(4) == 0
                ? (char)random.Next(1, 0x3000)
                : Common[random.Next(Common.Length)];
        }

        return new string(letters);
    }

    /// <summary>An event lost, doubled, displaced or made up.</summary>
    public static void Events(List<TraceEvent> events, EventDamage damage, Random random)
    {
        int at = random.Next(events.Count);
        int other = random.Next(events.Count);
        switch (damage)
        {
            case EventDamage.Lost:
                events.RemoveAt(at);
                break;
            case EventDamage.Doubled:
                events.Insert(other, events[at]);
                break;
            case EventDamage.Displaced:
                (events[at], events[other]) = (events[other], events[at]);
                break;
            default:
                events[at] = Event(events[at], random);
                break;
        }
    }

    /// <summary>A kind of event, seldom one that this version does not have.</summary>
    private static TraceEventKind Kind(Random random) =>
        random.Next(20) == 0 ? (TraceEventKind)random.Next(256) : _kinds[random.Next(_kinds.Length)];

    private static TraceEvent Event(TraceEvent e, Random random)
    {
        switch (random.Next(9))
        {
            case 0:
                e.Arg0 = Word(random);
                break;
            case 1:
                e.Arg1 = Word(random);
                break;
            case 2:
                e.Arg2 = Word(random);
                break;
            case 3:
                e.Arg3 = Word(random);
                break;
            case 4:
                (e.Arg4, e.Arg5) = (Word(random), Word(random));
                break;
            case 5:
                e.Result = (long)Word(random);
                break;
            case 6:
                e.Mm = random.Next(9);
                break;
            case 7:
                // The payload is then of another kind, or none.
                (e.Kind, e.Payload) = (Kind(random), random.Next(2) == 0 ? e.Payload : null);
                break;
            default:
                e.Payload = e.Payload switch
                {
                    MmImage image => Image(image, random),
                    FileIdentity file => File(file, random),
                    _ => e.Payload,
                };
                break;
        }

        return e;
    }

    private static FileIdentity File(FileIdentity file, Random random) => random.Next(5) switch
    {
        0 => file with { SizeBytes = Word(random) },
        1 => file with { Kind = (FileKind)random.Next(7) },
        2 => file with { Modes = (FileModes)random.Next(10) },
        3 => file with { File = new FileId(random.Next(4)) },
        _ => file with { Path = "\e]0;x\a\u202e\ud800", Inode = Word(random) },
    };

    public static MmImage Image(MmImage image, Random random)
    {
        int at = image.Vmas.Count == 0 ? -1 : random.Next(image.Vmas.Count);
        int node = image.AnonVmas.Count == 0 ? -1 : random.Next(image.AnonVmas.Count);
        return random.Next(11) switch
        {
            10 => image with { Flags = (MmFlags)random.Next(32) },
            0 => image with { Brk = Word(random) },
            1 => image with { StartBrk = Word(random), MmapBase = Word(random) },
            2 => image with { StackLimitBytes = Word(random), StartStack = Word(random), DefaultFlags = (VmaFlags)Word(random) },
            3 or 4 or 5 or 6 when at >= 0 => image with { Vmas = [.. image.Vmas.Take(at), Vma(image, at, random), .. image.Vmas.Skip(at + 1)] },
            7 when at >= 0 => image with { Vmas = [.. image.Vmas.Take(at), .. image.Vmas.Skip(at + 1)] },
            _ when node >= 0 => image with
            {
                AnonVmas =
                [
                    .. image.AnonVmas.Take(node), Node(image.AnonVmas[node], random), .. image.AnonVmas.Skip(node + 1),
                ],
            },
            _ => image,
        };
    }

    private static VmaImage Vma(MmImage image, int at, Random random)
    {
        VmaImage vma = image.Vmas[at];
        ulong other = image.AnonVmas.Count == 0 ? 1 : image.AnonVmas[random.Next(image.AnonVmas.Count)].Id;
        return random.Next(10) switch
        {
            9 => vma with { Traits = new VmaTraits(Word(random), Word(random), 1, Word(random), CloseOperation.Set, "\e[1m\u202e") },
            0 => vma with { End = vma.End + Page.Size },
            1 => vma with { Start = Word(random) },
            2 => vma with { Flags = (VmaFlags)Word(random) },
            3 => vma with { Flags = vma.Flags ^ (VmaFlags)(1UL << random.Next(64)) },
            4 => vma with { Pgoff = Word(random) },
            5 => vma with { File = new FileId(random.Next(30)) },
            6 => vma with { AnonVma = other },
            7 => vma with { Chain = [.. vma.Chain, other] },
            _ => vma with { Chain = [other], AnonVma = other },
        };
    }

    private static AnonVmaImage Node(AnonVmaImage node, Random random) => random.Next(6) switch
    {
        0 => node with { Root = Word(random) },
        1 => node with { Parent = Word(random) },
        2 => node with { ChildCount = (long)Word(random) },
        3 => node with { ActiveVmaCount = (long)Word(random) },
        4 => node with { RefCount = (int)Word(random) },
        _ => node with { Id = Word(random) },
    };
}

/// <summary>What becomes of an event.</summary>
public enum EventDamage
{
    Lost,
    Doubled,
    Displaced,
    MadeUp,
}
