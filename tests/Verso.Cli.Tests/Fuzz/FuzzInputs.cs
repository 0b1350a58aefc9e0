using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Cli.Tests.Fuzz;

/// <summary>
/// Inputs that were right once: parts of recordings, snapshots, texts of other tools and scenarios of the repository,
/// damaged behind their checksums.
/// </summary>
internal sealed class FuzzInputs
{
    private const string Limit = "--memory-limit=64MiB";

    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static readonly string[] _designs = [.. Engine.ReverseMaps.Catalogue.Designs.Select(entry => entry.Facts.Name)];

    /// <summary>Every kind of event that there is.</summary>
    public static TraceEventKind[] Kinds { get; } = Enum.GetValues<TraceEventKind>();

    private readonly List<(TraceHeader Header, List<TraceEvent> Events)> _traces = [];
    private readonly List<Snapshot> _snapshots = [];
    private readonly List<(string Tool, string Text)> _texts = [];
    private readonly List<string> _scenarios = [];

    private readonly string _results = JsonNode.Parse(
        File.ReadAllText(Path.Combine(CommandLine.Root, "tests/Verso.Cli.Tests/Golden/compare.json")))!.ToJsonString();


    public FuzzInputs()
    {
        foreach (string name in Directory.GetFiles(Path.Combine(CommandLine.Root, "examples"), "*.verso").Order())
        {
            using TraceReader reader = TraceReader.Open(name);
            List<TraceEvent> events = [];
            while (events.Count < 4000 && reader.TryRead(out TraceEvent e))
            {
                events.Add(e);
            }

            _traces.Add((reader.Header, events));
        }

        foreach (string name in (string[])["examples/redis-fork.vsnap", "tests/Verso.Cli.Tests/Fixtures/reasons.vsnap"])
        {
            using FileStream file = File.OpenRead(Path.Combine(CommandLine.Root, name));
            Snapshot snapshot = SnapshotFile.Read(file);
            _snapshots.Add(snapshot with { Processes = [.. snapshot.Processes.Select(WithFilePages)] });
        }

        foreach (string name in Directory.GetFiles(Path.Combine(CommandLine.Root, "tests/Verso.Traces.Tests/Fixtures"), "*.txt").Order())
        {
            _texts.Add((Path.GetFileName(name).StartsWith("perf", StringComparison.Ordinal) ? "perf" : "strace", File.ReadAllText(name)));
        }

        string scenarios = Path.Combine(CommandLine.Root, "scenarios");
        foreach (string name in Directory.GetFiles(scenarios, "*.txt", SearchOption.AllDirectories).Order())
        {
            _scenarios.Add(File.ReadAllText(name));
        }
    }

    /// <summary>One input, and a command that reads it from the file {0}.</summary>
    public FuzzInput Make(Random random) => random.Next(10) switch
    {
        9 when random.Next(3) == 0 => Results(random),
        < 4 => Trace(random),
        < 6 => OfSnapshot(random),
        < 7 => Import(random),
        _ => Scenario(random),
    };

    private FuzzInput Trace(Random random)
    {
        (TraceHeader header, List<TraceEvent> all) = _traces[random.Next(_traces.Count)];

        // What begins an address space stands first; after it some stretch of what was done.
        int first = random.Next(Math.Max(all.Count - 60, 1));
        List<TraceEvent> events = [.. all.Take(random.Next(1, 20)), .. all.Skip(first).Take(random.Next(1, 60))];
        for (int left = random.Next(1, 7); left > 0 && events.Count > 1; left--)
        {
            Disturb(events, random);
        }

        string head = JsonSerializer.Serialize(header, _json);
        long lost = events.Sum(e => e.Kind == TraceEventKind.Lost ? (long)(e.Arg0 % (1 << 20)) : 0);
        TraceTrailer trailer = new()
        {
            Events = events.Count,
            Lost = lost,
            Checkpoints = events.Count(e => e.Kind is TraceEventKind.Checkpoint or TraceEventKind.CheckpointChange),
            NotFollowed = events.Count(e => e.Kind == TraceEventKind.NotFollowed),
        };
        string tail = JsonSerializer.Serialize(trailer, _json);
        byte[] body = RawFile.Encode(events);
        head = random.Next(12) == 0 ? Damage.Json(head, random) : head;
        tail = random.Next(12) == 0 ? Damage.Json(tail, random) : tail;
        body = random.Next(4) == 0 ? Damage.Bytes(body, random) : body;
        string design = _designs[random.Next(_designs.Length)];
        string other = _designs[random.Next(_designs.Length)];
        string[] command = random.Next(16) switch
        {
            15 => ["replay", "{0}", "--format", "line", "--walks", "1", Limit],
            14 => ["replay", "{0}", "--merges", "-j", "--rules", "6.1", Limit],
            13 => ["compare", "{0}", "--designs", design, "-j", "--jobs", "1", Limit],
            12 => ["verify", "--engine", "{0}", "-j", Limit],
            11 => ["compare", "{0}", "--designs", design, "--jobs", "1", Limit],
            0 => ["info", "{0}"],
            1 => ["info", "{0}", "-j"],
            2 => ["replay", "{0}", "--merges", Limit],
            3 => ["replay", "{0}", "--differences", "3", Limit],
            4 => ["replay", "{0}", "-j", Limit],
            5 => ["compare", "{0}", "--designs", $"{design},{other}", "--format", "lkp", "--jobs", "1", Limit],
            6 => ["compare", "{0}", "--designs", design, "--format", "csv", "--jobs", "1", "--verify", Limit],
            7 => ["verify", "--engine", "{0}", Limit],
            _ => ["replay", "{0}", "--verify", "--design", design, Limit],
        };
        return new FuzzInput(".verso", RawFile.Join("VERSO", head, body, events.Count, tail), command);
    }

    /// <summary>Damages an event, or adds one of any kind after some image of its address space.</summary>
    private static void Disturb(List<TraceEvent> events, Random random)
    {
        int at = random.Next(events.Count + 1);
        int known = random.Next(2) == 0 ? events.FindLastIndex(Math.Max(at - 1, 0), e => e.Payload is MmImage) : -1;
        if (known < 0 || events[known] is not { Payload: MmImage image } told)
        {
            EventDamage damage = (EventDamage)Math.Min(random.Next(8), (int)EventDamage.MadeUp);
            Damage.Events(events, damage, random);
            return;
        }

        // Changes are of the last image of their address space, so the more often they follow on one the better.
        TraceEventKind kind = random.Next(4) == 0
            ? TraceEventKind.CheckpointChange
            : Kinds[random.Next(Kinds.Length)];
        events.Insert(
            kind == TraceEventKind.CheckpointChange ? known + 1 : at,
            new FuzzEvents(image, told.Mm, random).Make(kind));
    }

    // As the snapshots would be if this version had taken them: of every private file mapping one page is a copy.
    private static ProcessGraph WithFilePages(ProcessGraph process)
    {
        IEnumerable<int> places = Enumerable.Range(0, process.Image.Vmas.Count)
            .Where(at => FilePages.AreOf(process.Image.Vmas[at], FileKind.Regular));
        return process with
        {
            Memory = process.Memory ?? new ResidentMemory(1, 1, 1, 1, 8192),
            FilePages = new FilePages(FilePagesReading.Counted, [.. places.Select(at => new MappedFilePages(at, 1, 0))]),
        };
    }

    private static FilePages Disturbed(FilePages pages, Random random)
    {
        List<MappedFilePages> mappings = [.. pages.Mappings];
        int at = random.Next(mappings.Count + 1);
        MappedFilePages made = new(random.Next(200) - 2, (long)Damage.Word(random), random.Next(3));
        MappedFilePages[] changed = random.Next(3) == 0 ? [] : [made];
        return new FilePages(
            (FilePagesReading)random.Next(5), random.Next(3) == 0 ? [] : [.. mappings.Take(at), .. changed, .. mappings.Skip(at + 1)]);
    }

    private FuzzInput OfSnapshot(Random random)
    {
        Snapshot snapshot = _snapshots[random.Next(_snapshots.Count)];
        List<ProcessGraph> processes = [.. snapshot.Processes];
        for (int left = random.Next(1, 4); left > 0; left--)
        {
            int at = random.Next(processes.Count);
            ProcessGraph process = processes[at];
            processes[at] = random.Next(9) switch
            {
                8 => process with { FilePages = Disturbed(process.FilePages!, random) },
                0 => process with { Pid = random.Next(1, 20000) },
                1 => process with { Command = "\e[2J\u202e" },
                2 => process with { Reading = (GraphReading)random.Next(3), StartNanoseconds = Damage.Word(random) },
                3 => process with { Image = process.Image with { Identity = Damage.Word(random) } },
                _ => process with { Image = Damage.Image(process.Image, random) },
            };
        }

        string head = JsonSerializer.Serialize(snapshot.Header, _json);
        string tail = $"{{\"processes\":{processes.Count},\"files\":{snapshot.Files.Count},\"ended\":[]}}";
        byte[] body = RawFile.Encode(snapshot with { Processes = processes });
        head = random.Next(12) == 0 ? Damage.Json(head, random) : head;
        tail = random.Next(12) == 0 ? Damage.Json(tail, random) : tail;
        body = random.Next(4) == 0 ? Damage.Bytes(body, random) : body;
        string pid = $"{processes[random.Next(processes.Count)].Pid}";
        string[] command = random.Next(12) switch
        {
            11 => ["top", "--from", "{0}", "--format", "prometheus"],
            10 => ["top", "--from", "{0}", "-j", "--sort", "longest"],
            9 => ["explain", pid, "--from", "{0}", "--at", $"{Damage.Word(random):x}"],
            8 => ["explain", "--rmap", "--from", "{0}", "-j", "--designs", _designs[random.Next(_designs.Length)], Limit],
            0 => ["snapshot", "--from", "{0}"],
            1 => ["snapshot", "--from", "{0}", "-j"],
            2 => ["top", "--from", "{0}"],
            3 => ["explain", "--rmap", pid, "--from", "{0}", "--designs", _designs[random.Next(_designs.Length)], Limit],
            4 => ["explain", "--rmap", "--from", "{0}", "--jobs", "1", Limit],
            5 => ["explain", pid, "--from", "{0}", "-j"],
            6 => ["explain", pid, "--from", "{0}"],
            _ => ["explain", pid, "--full", "--from", "{0}"],
        };
        return new FuzzInput(".vsnap", RawFile.Join("VSNAP", head, body, snapshot.Files.Count + processes.Count, tail), command);
    }

    private FuzzInput Import(Random random)
    {
        (string tool, string text) = _texts[random.Next(_texts.Count)];
        string[] lines = text.Split('\n');
        int first = random.Next(lines.Length);
        string part = string.Join('\n', [.. lines.Take(random.Next(12)), .. lines.Skip(first).Take(random.Next(1, 60))]);
        return new FuzzInput(".txt", Encoding.UTF8.GetBytes(Damage.Text(part, 5, random)), ["import", tool, "{0}", "-o", "{1}"]);
    }

    private FuzzInput Results(Random random)
    {
        string text = random.Next(2) == 0 ? Damage.Json(_results, random) : Damage.Text(_results, 5, random);
        return new FuzzInput(".json", Encoding.UTF8.GetBytes(text), ["report", "{0}", "--format", "text"]);
    }

    private FuzzInput Scenario(Random random)
    {
        string text = Damage.Text(_scenarios[random.Next(_scenarios.Count)], 5, random);
        text = random.Next(12) == 0 ? $"option unit {random.Next(1, 262145)}\n{text}" : text;
        string design = _designs[random.Next(_designs.Length)];
        string[] command = random.Next(6) switch
        {
            0 => ["compare", "{0}", "--designs", design, "--jobs", "1", "--verify", Limit],
            1 or 2 => ["verify", "--engine", "{0}", "--draw", Limit],
            _ => ["verify", "--engine", "{0}", Limit],
        };
        return new FuzzInput(".scenario.txt", Encoding.UTF8.GetBytes(text), command);
    }
}

/// <summary>What a command is given.</summary>
/// <param name="Extension">How the name of the file ends.</param>
/// <param name="Bytes">What is in it.</param>
/// <param name="Command">The words; {0} stands for the file, {1} for one to write to.</param>
internal sealed record FuzzInput(string Extension, byte[] Bytes, string[] Command);
