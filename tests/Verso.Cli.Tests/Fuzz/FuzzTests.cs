using System.Diagnostics;
using System.Globalization;
using System.Text;
using Verso.Lab.Scenarios;

namespace Verso.Cli.Tests.Fuzz;

/// <summary>
/// Whatever a file says, a command reads it or refuses it with one line: no internal error, no broken invariant, no
/// escape sequence on the terminal, nothing that takes long.
/// </summary>
/// <remarks>
/// Strategy: sound inputs are damaged in few places, by structure and behind right checksums, so that most get past the
/// readers. Each is an input of its own seed: VERSO_SEED=N VERSO_FUZZ_INPUTS=1 repeats it. scripts/fuzz runs millions.
/// </remarks>
public sealed class FuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int Inputs = 20_000;

    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _endless = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-fuzz-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void DamagedInputIsReadOrRefused()
    {
        int inputs = int.TryParse(Environment.GetEnvironmentVariable("VERSO_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out int many)
            ? many
            : Inputs;
        int seed = RandomSeed.First;
        FuzzInputs source = new();
        List<string> finds = [];
        SortedDictionary<string, int> statuses = [];
        SortedDictionary<string, TimeSpan> times = [];
        TimeSpan slowest = TimeSpan.Zero;
        Stopwatch clock = Stopwatch.StartNew();
        for (int at = 0; at < inputs; at++)
        {
            FuzzInput input = source.Make(new Random(seed + at));
            TimeSpan before = Environment.CpuUsage.TotalTime;
            string? find = Try(input, statuses);

            // Of the processor's time: the machine may have more to do.
            TimeSpan took = Environment.CpuUsage.TotalTime - before;
            slowest = took > slowest ? took : slowest;
            times[input.Command[0]] = times.GetValueOrDefault(input.Command[0]) + took;
            find ??= took > _longest ? $"took {took.TotalSeconds:F1} s" : null;
            if (find is not null)
            {
                string kept = Keep(input, seed + at);
                finds.Add($"seed {seed + at}: {string.Join(' ', input.Command)}: {find}; kept as {kept}");
                Console.Error.WriteLine(finds[^1]);
            }

            if (inputs > Inputs && (at + 1) % 10_000 == 0)
            {
                Console.Error.WriteLine($"{at + 1} inputs, {clock.Elapsed.TotalSeconds:F0} s, {finds.Count} finds");
            }
        }

        using Process self = Process.GetCurrentProcess();
        string summary = $"{inputs} inputs from seed {seed} in {clock.Elapsed.TotalSeconds:F0} s: {finds.Count} finds, "
            + $"the slowest {slowest.TotalSeconds:F2} s, at most {self.PeakWorkingSet64 >> 20} MiB; "
            + string.Join(", ", statuses.Select(pair => $"{pair.Key}: {pair.Value}")) + "; seconds "
            + string.Join(", ", times.Select(pair => $"{pair.Key} {pair.Value.TotalSeconds:F0}"));
        output.WriteLine(summary);
        if (inputs > Inputs)
        {
            Console.Error.WriteLine(summary);
        }

        Assert.True(finds.Count == 0, string.Join('\n', finds.Take(20)));
    }

    private string? Try(FuzzInput input, SortedDictionary<string, int> statuses)
    {
        string file = Path.Combine(_folder, "input" + input.Extension);
        string written = Path.Combine(_folder, "written.verso");
        File.WriteAllBytes(file, input.Bytes);
        string[] command = [.. input.Command.Select(word => word.Replace("{0}", file).Replace("{1}", written))];
        Outcome outcome = Run(command);
        string status = $"{command[0]} {outcome.Status}";
        statuses[status] = statuses.GetValueOrDefault(status) + 1;
        if (FindWrong(command, outcome) is string wrong)
        {
            return wrong;
        }

        if (command[0] == "import" && outcome.Status == 0)
        {
            string[] replay = ["replay", written, "--verify", "--memory-limit=64MiB"];
            Outcome replayed = Run(replay);
            return replayed.Status == 0 || replayed.Error.Contains("--memory-limit", StringComparison.Ordinal)
                ? FindWrong(replay, replayed)
                : $"what was imported is not replayed: {replayed.Status} {replayed.Error}{replayed.Output}";
        }

        return input.Extension == ".scenario.txt" ? FindUnlike(Encoding.UTF8.GetString(input.Bytes)) : null;
    }

    /// <summary>In this process: a start of a process for each would take hours.</summary>
    private static Outcome Run(string[] command)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        using Timer endless = new(
            _ => Environment.FailFast($"does not end: verso {string.Join(' ', command)}"), null, _endless, Timeout.InfiniteTimeSpan);
        int status = VersoCommandLine.Run(command, output, error);
        return new Outcome(status, output.ToString(), error.ToString());
    }

    private static string? FindWrong(string[] command, Outcome outcome)
    {
        bool isLine = outcome.Error.Length == 0 || command[0] == "import"
            || outcome.Error.IndexOf('\n', StringComparison.Ordinal) == outcome.Error.Length - 1;
        return outcome.Status is < 0 or > 2 ? $"status {outcome.Status}: {outcome.Error}"
            : !isLine ? $"more than a line: {outcome.Error}"
            : outcome.Status == 2 && outcome.Error.Length == 0 && command[0] != "verify" ? "status 2 and no word"
            : outcome.Output.Contains("invariant broken", StringComparison.Ordinal)
                || outcome.Output.Contains(": violated", StringComparison.Ordinal) ? outcome.Output
            : FindUnfit(outcome.Output + outcome.Error) is char unfit ? $"prints U+{(int)unfit:X4}"
            : null;
    }

    private static char? FindUnfit(string text)
    {
        foreach (char letter in text)
        {
            if ((char.IsControl(letter) && letter != '\n') || letter is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'))
            {
                return letter;
            }
        }

        return null;
    }

    /// <summary>What is a scenario is printed as one that is the same.</summary>
    private static string? FindUnlike(string text)
    {
        Scenario scenario;
        try
        {
            scenario = Scenario.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }

        string printed = scenario.ToString();
        Scenario again = Scenario.Parse(printed);
        bool isSame = scenario.Ops.SequenceEqual(again.Ops) && scenario.States.SequenceEqual(again.States)
            && scenario.Remarks.SequenceEqual(again.Remarks) && scenario.Purpose == again.Purpose
            && scenario.Outcomes.OrderBy(pair => pair.Key).SequenceEqual(again.Outcomes.OrderBy(pair => pair.Key))
            && (scenario.LazyFree, scenario.MaxMaps, scenario.PagesPerUnit) == (again.LazyFree, again.MaxMaps, again.PagesPerUnit);
        return isSame && printed == again.ToString() ? null : "prints as another scenario";
    }

    private static string Keep(FuzzInput input, int seed)
    {
        string folder = Directory.CreateDirectory(Path.Combine(CommandLine.Root, "artifacts/fuzz")).FullName;
        string name = Path.Combine(folder, $"{input.Command[0]}-{seed}{input.Extension}");
        File.WriteAllBytes(name, input.Bytes);
        return name;
    }
}
