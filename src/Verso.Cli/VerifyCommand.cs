using System.CommandLine;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Reports.Json;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>verso verify: the same steps on the real kernel and in the engine.</summary>
internal static class VerifyCommand
{
    private const int DefaultCount = 100;
    private const int DefaultSteps = 100;
    private const int DefaultTimeLimit = 600;

    private static readonly Option<string> s_kernel = new("--kernel")
    {
        Description = "another kernel, booted in QEMU: a vmlinuz file or a Debian package of a kernel with BTF",
        HelpName = "IMAGE",
    };

    private static readonly Option<long> s_memory = MemoryLimit.Option();

    private static readonly Option<int> s_timeLimit = ReplaySettings.Number(
        "--time-limit", 1, DefaultTimeLimit, "seconds after which the other kernel is ended");

    private static readonly Option<bool> s_expect = new("--expect")
    {
        Description = "write what the kernel does into the scenario files as what they expect",
    };

    private static readonly Option<int> s_maxMaps = ReplaySettings.Number(
        "--max-maps",
        1,
        0,
        $"random scenarios meet vm.max_map_count at so many VMAs, 1 to {Scenario.MostMaxMaps}; not at all without it",
        Scenario.MostMaxMaps);

    private static readonly Option<string> s_mix = Mix();

    private static readonly Option<string?> s_rules = ReplaySettings.Rules(
        "the engine goes by the rules of another kernel than the running one: its release, as 6.12");

    internal static Command Create()
    {
        Argument<string[]> files = new("SCENARIO")
        {
            Description = "scenario files, directories of them, or traces; none: random scenarios",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<ulong> seed = ReplaySettings.Seed("the seed of the first random scenario");
        Option<int> count = ReplaySettings.Number("--count", 1, DefaultCount, "how many random scenarios");
        Option<int> steps = ReplaySettings.Number("--steps", 1, DefaultSteps, "how many steps each");
        Option<int> jobs = ReplaySettings.Number("--jobs", 1, 1, "how many at a time, each on a processor of its own");
        const string Alone = "without a kernel: only what the scenario files say they expect";
        Option<bool> engine = new("--engine") { Description = Alone };
        Option<bool> draw = new("--draw") { Description = "draw every step" };
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "verify",
            "Takes the same steps on the running kernel and in the engine, and compares results, VMAs, the anon_vma "
            + "graph, pages and bytes after each. Returns 0 if all agree, 1 if something differs, 2 on trouble or "
            + "where a step cannot be taken.",
            "verso verify                                  # 100 random scenarios of 100 steps",
            "verso verify --seed 7 --count 1000 --jobs 2",
            "verso verify --mix locks --count 1000         # mostly mlock and its like, under RLIMIT_MEMLOCK",
            "verso verify --count 20 --max-maps 10         # in address spaces that are full at 10 VMAs",
            "verso verify scenarios/                       # every scenario file below a directory",
            "verso verify scenarios/merge/forked-source.txt --draw  # and how it looks on the way",
            "verso verify examples/git-repack.verso        # what git did, done again by processes of the kernel",
            "verso verify --engine scenarios/              # no kernel: against what the files expect",
            "verso verify --kernel linux-image-6.12.deb scenarios/")
        {
            files, seed, count, steps, s_mix, s_maxMaps, jobs, engine, draw, s_expect, s_rules, s_kernel, s_timeLimit,
            s_memory, format, json,
        };
        command.SetAction(parsed =>
        {
            string[] names = parsed.GetValue(files) ?? [];
            RequireSense(names, parsed.GetValue(engine), parsed.GetValue(draw), parsed.GetValue(s_expect));
            Surroundings surroundings = Surroundings.Of(parsed);
            bool asJson = ReplaySettings.FormatOf(parsed, format, json) == "json";
            if (parsed.GetValue(s_kernel) is string image)
            {
                return RunInGuest(parsed, surroundings, image, names, asJson ? "json" : "text");
            }

            if (names.Length == 0)
            {
                return RunRandom(surroundings, asJson, new RandomVerificationOptions
                {
                    Rules = RunningRules(parsed),
                    Seed = parsed.GetValue(seed),
                    Count = parsed.GetValue(count),
                    Steps = parsed.GetValue(steps),
                    Jobs = parsed.GetValue(jobs),
                    Mix = StepMix.OfKernels.First(mix => mix.Name == parsed.GetValue(s_mix))
                        .WithMaxMaps(parsed.GetValue(s_maxMaps)),
                });
            }

            bool isAlone = parsed.GetValue(engine);
            return RunFiles(surroundings, asJson, names, new ScenarioRunOptions
            {
                Rules = isAlone ? RulesChoice.For(KernelRules.Reference.Release) : RunningRules(parsed),
                Against = isAlone ? Against.Expectations : Against.Kernel,
                Drawing = parsed.GetValue(draw) ? Drawing.EveryStep : Drawing.None,
                Writing = parsed.GetValue(s_expect) ? Writing.Expectations : Writing.Nothing,
                MemoryLimitBytes = MemoryLimit.Of(parsed, s_memory),
            });
        });
        return command;
    }

    private static int RunInGuest(
        ParseResult parsed, Surroundings surroundings, string image, IReadOnlyList<string> names, string format)
    {
        if (parsed.GetValue<bool>("--engine") || parsed.GetValue<bool>("--expect"))
        {
            throw new UsageException("--kernel goes with neither --engine nor --expect");
        }

        List<string> words = ["--format", format, "--seed", $"{parsed.GetValue<ulong>("--seed")}"];
        if (parsed.GetValue(s_rules) is string release)
        {
            words.AddRange(["--rules", release]);
        }

        words.AddRange(["--mix", parsed.GetRequiredValue(s_mix)]);
        foreach (string number in (string[])["--count", "--steps", "--max-maps"])
        {
            int value = parsed.GetValue<int>(number);
            words.AddRange(value == 0 ? [] : [number, $"{value}"]);
        }

        if (parsed.GetValue<bool>("--draw"))
        {
            words.Add("--draw");
        }

        return GuestVerification.Run(surroundings, image, names, words, parsed.GetValue(s_timeLimit));
    }

    private static Option<string> Mix()
    {
        string[] names = [.. StepMix.OfKernels.Select(mix => mix.Name)];
        Option<string> option = new("--mix")
        {
            Description = $"what random scenarios are made of: {string.Join(", ", names[..^1])} or {names[^1]}",
            DefaultValueFactory = _ => StepMix.Everything.Name,
            HelpName = "NAME",
        };
        option.AcceptOnlyFromAmong(names);
        return option;
    }

    // Expectations are text that replaces a file: never a recording, and never what the engine thinks.
    private static void RequireSense(string[] names, bool engine, bool draw, bool expect)
    {
        string? odd = names.Length == 0 && (engine || draw || expect)
            ? "--engine, --draw and --expect are for scenario files: name some"
            : expect && engine ? "--expect writes what the kernel does: it does not go with --engine"
            : expect && names.FirstOrDefault(IsTrace) is string trace
                ? $"--expect writes scenario files, and '{trace}' is a trace"
            : null;
        if (odd is not null)
        {
            throw new UsageException(odd);
        }
    }

    private static bool IsTrace(string name) => name.EndsWith(".verso", StringComparison.Ordinal);

    private static Scenario ReadTrace(string name)
    {
        using TraceInput input = TraceInput.Open(name);
        Scenario scenario = TraceScenario.Read(input, long.MaxValue);
        return scenario.Ops.Count > 0
            ? scenario
            : throw new InputException(name, new FormatException("no step in it that can be taken again"));
    }

    private static RulesChoice RunningRules(ParseResult parsed) =>
        MachineSettings.Disturbing() is string setting
            ? throw new UsageException(setting)
            : RulesChoice.For(KernelStage.Release, ReplaySettings.RulesOf(parsed, s_rules));

    private static int RunRandom(Surroundings surroundings, bool asJson, RandomVerificationOptions options)
    {
        VerificationProgress progress = new();
        using Interruption interruption = new();
        RandomVerificationResult result;
        using (ProgressLine.Start(surroundings, progress))
        {
            result = RandomVerification.Run(options, progress, interruption.Token);
        }

        surroundings.Output.Write(asJson
            ? JsonReport.Render(options, result)
            : VerifyText.Render(options, result, surroundings.Palette));
        return result.Failures.Count == 0 ? ExitStatus.Success : ExitStatus.Differs;
    }

    private static int RunFiles(
        Surroundings surroundings, bool asJson, IReadOnlyList<string> names, ScenarioRunOptions options)
    {
        using Interruption interruption = new();
        IReadOnlyList<Scenario> scenarios =
            [.. names.SelectMany(name => IsTrace(name) ? [ReadTrace(name)] : ScenarioFiles.Read([name]))];
        VerificationProgress progress = new();
        IReadOnlyList<ScenarioResult> results;
        using (ProgressLine.Start(surroundings, progress))
        {
            results = ScenarioVerification.Run(scenarios, options, progress, interruption.Token);
        }

        if (options.Writing == Writing.Expectations)
        {
            ScenarioFiles.Write(results.Where(result => result.Failure is null).Select(result => result.Played));
        }

        surroundings.Output.Write(asJson
            ? JsonReport.Render(options, results)
            : VerifyText.Render(options, results, surroundings.Palette));
        return results.Any(result => result.Failure?.Kind == FailureKind.NotPlayable) ? ExitStatus.Trouble
            : results.Any(result => result.Failure is not null) ? ExitStatus.Differs : ExitStatus.Success;
    }
}
