using System.CommandLine;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.LockStep;
using Verso.Lab.Playing;
using Verso.Lab.Replay;
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
        "--time-limit", 1, DefaultTimeLimit, "stop the other kernel after N seconds");

    private static readonly Option<string?> s_design = new("--design")
    {
        Description = "with --engine: this design instead of the kernel's, its walks checked after every step",
        HelpName = "DESIGN",
    };

    private static readonly Option<bool> s_expect = new("--expect")
    {
        Description = "update what the scenario files expect to what the kernel does",
    };

    private static readonly Option<int> s_maxMaps = ReplaySettings.Number(
        "--max-maps",
        1,
        0,
        $"random scenarios reach vm.max_map_count at N VMAs, 1 to {Scenario.MostMaxMaps}; 0: never",
        Scenario.MostMaxMaps);

    private static readonly Option<string> s_mix = Mix();

    private static readonly Option<ulong> s_seed = ReplaySettings.Seed("the seed of the first random scenario");

    private static readonly Option<int> s_count = ReplaySettings.Number(
        "--count", 1, DefaultCount, "number of random scenarios");

    private static readonly Option<int> s_steps = ReplaySettings.Number(
        "--steps", 1, DefaultSteps, "steps in each");

    private static readonly Option<int> s_jobs = ReplaySettings.Number(
        "--jobs", 1, 1, "scenarios to run in parallel, one per CPU");

    private static readonly Option<bool> s_engine = new("--engine")
    {
        Description = "run the engine alone, against what the scenario files expect",
    };

    private static readonly Option<bool> s_draw = new("--draw") { Description = "draw every step" };

    private static readonly Option<string?> s_rules = ReplaySettings.Rules(
        "use the rules of this kernel release in the engine, such as 6.12; default: the running kernel");

    internal static Command Create()
    {
        Argument<string[]> files = new("SCENARIO")
        {
            Description = "scenario files, directories of them, or traces; none: random scenarios",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "verify",
            "Runs the same steps on the running kernel and in the engine, and compares results, VMAs, the anon_vma "
            + "graph, pages and bytes after each. Returns 0 if all agree, 1 if something differs, 2 on errors or "
            + "if a step cannot be run.",
            "verso verify                                  # 100 random scenarios of 100 steps",
            "verso verify --seed 7 --count 1000 --jobs 2",
            "verso verify --mix locks --count 1000         # mostly mlock and its like, under RLIMIT_MEMLOCK",
            "verso verify --count 20 --max-maps 10         # in address spaces that are full at 10 VMAs",
            "verso verify scenarios/                       # every scenario file below a directory",
            "verso verify scenarios/merge/forked-source.txt --draw  # with a picture after every step",
            "verso verify examples/git-repack.verso        # what git did, repeated on the running kernel",
            "verso verify --engine scenarios/              # the engine alone, against what the files expect",
            "verso verify --engine scenarios/cow/moved-then-written.txt --design reflink --draw  # in another design",
            "verso verify --kernel linux-image-6.12.deb scenarios/")
        {
            files, s_seed, s_count, s_steps, s_mix, s_maxMaps, s_jobs, s_engine, s_design, s_draw,
            s_expect, s_rules, s_kernel, s_timeLimit, s_memory, format, json,
        };
        command.SetAction(parsed =>
        {
            string[] names = parsed.GetValue(files) ?? [];
            RejectContradictions(parsed, names);
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
                    Seed = parsed.GetValue(s_seed),
                    Count = parsed.GetValue(s_count),
                    Steps = parsed.GetValue(s_steps),
                    Jobs = parsed.GetValue(s_jobs),
                    Mix = StepMix.OfKernels.First(mix => mix.Name == parsed.GetValue(s_mix))
                        .WithMaxMaps(parsed.GetValue(s_maxMaps)),
                });
            }

            bool isAlone = parsed.GetValue(s_engine);
            return RunFiles(surroundings, asJson, names, new ScenarioRunOptions
            {
                Rules = isAlone
                    ? RulesChoice.For(KernelRules.Reference.Release, ReplaySettings.RulesOf(parsed, s_rules))
                    : RunningRules(parsed),
                Against = isAlone ? Against.Expectations : Against.Kernel,
                Drawing = parsed.GetValue(s_draw) ? Drawing.EveryStep : Drawing.None,
                Writing = parsed.GetValue(s_expect) ? Writing.Expectations : Writing.Nothing,
                Design = parsed.GetValue(s_design) is string name
                    ? ReplaySettings.Parse(DesignChoice.Parse, name)
                    : null,
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
            throw new UsageException("--kernel cannot be combined with --engine or --expect");
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
    private static void RejectContradictions(ParseResult parsed, string[] names)
    {
        (bool engine, bool draw, bool expect) =
            (parsed.GetValue(s_engine), parsed.GetValue(s_draw), parsed.GetValue(s_expect));
        if (!engine)
        {
            parsed.Refuse("requires --engine: the kernel has one design", s_design);
        }

        string? odd = names.Length == 0 && (engine || draw || expect)
            ? "--engine, --draw and --expect require scenario files"
            : expect && engine ? "--expect writes what the kernel does: it cannot be combined with --engine"
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
            : throw new InputException(name, new FormatException("it has no step that can be repeated"));
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

        string text = asJson
            ? JsonReport.Render(options, result)
            : VerifyText.Render(options, result, surroundings.Palette);
        Pager.Write(surroundings, text, isForPeople: !asJson);
        return result.Failures.Count == 0 ? ExitStatus.Success : ExitStatus.Differs;
    }

    private static int RunFiles(
        Surroundings surroundings, bool asJson, IReadOnlyList<string> names, ScenarioRunOptions options)
    {
        if (options.Drawing == Drawing.EveryStep)
        {
            // Pictures of hundreds are hundreds of screens.
            names.Where(Directory.Exists).ToList().ForEach(name => OneScenario.Of(name));
        }

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

        string text = asJson
            ? JsonReport.Render(options, results)
            : VerifyText.Render(options, results, surroundings.Palette);
        Pager.Write(surroundings, text, isForPeople: !asJson);
        return results.Any(result => result.Failure?.Kind == FailureKind.NotPlayable) ? ExitStatus.Trouble
            : results.Any(result => result.Failure is not null) ? ExitStatus.Differs : ExitStatus.Success;
    }
}
