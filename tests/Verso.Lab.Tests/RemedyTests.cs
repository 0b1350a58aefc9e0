using System.Diagnostics;
using System.Runtime.CompilerServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests;

/// <summary>
/// What explain tells people to do: shown where it says it is, and so under the rules of every kernel here.
/// </summary>
public sealed class RemedyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-lab-tests-").FullName;

    /// <summary>
    /// Where each remedy is shown. A scenario: which process took it and how many VMAs it ends with, one but where a
    /// reserve stays; and where it is seen that without it there are more: that process, before; another process; or,
    /// by the end, another scenario. Workloads have scenarios that take the same steps.
    /// </summary>
    private static readonly Dictionary<string, (string File, char With, int Vmas, string Without)> _shown = new()
    {
        ["scenarios/merge/tried-again.txt"] = ("", 'B', 1, "before"),
        ["scenarios/merge/tried-again-sequential.txt"] = ("", 'B', 1, "before"),
        ["scenarios/merge/tried-again-random.txt"] = ("", 'B', 1, "before"),
        ["scenarios/attributes/policy-whole.txt"] = ("", 'A', 1, "before"),
        ["scenarios/attributes/name.txt"] = ("", 'A', 1, "before"),
        ["scenarios/guard/in-place.txt"] = ("", 'B', 1, "A"),
        ["scenarios/regions/from-one-end.txt"] = ("", 'B', 2, "A"),
        ["scenarios/regions/open.txt"] = ("", 'A', 1, "regions/random"),
        ["scenarios/attributes/noreserve-all.txt"] = ("", 'B', 1, "A"),
        ["scenarios/attributes/charged.txt"] = ("", 'B', 1, "A"),
        ["scenarios/attributes/dontdump-whole.txt"] = ("", 'A', 1, "before"),
        ["scenarios/seal/part.txt"] = ("", 'A', 1, "before"),
        ["scenarios/mlock/merge.txt"] = ("", 'A', 1, "before"),
        ["scenarios/attributes/file-adjacent.txt"] = ("", 'A', 1, "attributes/file-two-opens attributes/file-reversed"),
        ["scenarios/attributes/shared-whole.txt"] = ("", 'B', 1, "A"),
        ["workloads/regions sequential"] = ("regions/sequential", 'A', 1, "regions/random"),
        ["workloads/regions random-touchlast"] = ("regions/random-touched-last", 'A', 1, "regions/random"),
        ["workloads/regions random-hint"] = ("regions/random-one-touch-before", 'A', 1, "regions/random"),
        ["scenarios/regions/given-back.txt"] = ("", 'A', 1, "before"),
        ["scenarios/regions/apart.txt"] = ("", 'B', 2, "A"),
        ["scenarios/holes/kept.txt"] = ("", 'B', 1, "A"),
        ["scenarios/holes/filled.txt"] = ("", 'A', 1, "before"),
        ["scenarios/fork/alike-before.txt"] = ("", 'C', 1, "B"),
        ["scenarios/merge/mprotect-unfaulted-left-faulted-right.txt"] = ("", 'A', 1, "before"),
        ["scenarios/merge/mremap-faulted-away-and-back.txt"] = ("", 'A', 1, "before"),
        ["scenarios/merge/mremap-before-written.txt"] = ("", 'B', 1, "A"),
    };

    public static TheoryData<string> Measured { get; } =
        [.. Remedy.All.Where(remedy => remedy.Basis == RemedyBasis.Measured && !IsProgram(remedy))
            .Select(remedy => remedy.Shown).Distinct()];

    private const VmaFlags ReadWrite = VmaFlags.Read | VmaFlags.Write;

    private static string Root { get; } = FindRoot();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void WhatIsShownIsThere()
    {
        Assert.Contains(Remedy.All, remedy => remedy.Basis == RemedyBasis.Inferred);
        Assert.All(Remedy.All, remedy =>
        {
            Assert.EndsWith(".", remedy.Text, StringComparison.Ordinal);
            string[] shown = remedy.Shown.Split(' ');
            if (remedy.Basis == RemedyBasis.Inferred)
            {
                Assert.Equal("", remedy.Shown);
                return;
            }

            Assert.True(File.Exists(Path.Combine(Root, shown[0])), remedy.Shown);
            string source = Path.Combine(Root, IsProgram(remedy) ? shown[0] : shown[0] + ".c");
            string quote = IsProgram(remedy) ? "\"" : " ";
            Assert.True(
                shown.Length == 1 || File.ReadAllText(source).Contains(quote + shown[1] + quote),
                remedy.Shown);
        });
    }

    /// <summary>
    /// With the remedy the VMAs end as one, and without it they do not: on the kernel that wrote what the scenario
    /// expects, and so under the rules of every kernel that it is said to work on.
    /// </summary>
    [Theory]
    [MemberData(nameof(Measured))]
    public void UnderTheRulesOfEveryKernel(string shown)
    {
        var (file, with, vmas, without) = _shown[shown];
        Scenario scenario = Read(file.Length > 0 ? file : shown["scenarios/".Length..^".txt".Length]);
        KernelRules[] those = [.. Named("6.14").Concat(Named("6.17")).Concat(KernelRules.All).Where(rules =>
            Remedy.All.Where(remedy => remedy.Shown == shown).All(remedy => remedy.WorksOn(rules.Release)))];
        Assert.Contains(KernelRules.Reference, those);
        Assert.All(those, rules =>
        {
            Dictionary<char, List<int>> counts = Play(scenario, rules);
            Assert.Equal(vmas, counts[with][^1]);
            if (without == "before")
            {
                Assert.True(counts[with][^2] > vmas, rules.Release);
            }
            else if (without.Length == 1)
            {
                Assert.True(counts[without[0]][^1] > vmas, rules.Release);
            }
            else
            {
                Assert.All(without.Split(' '), other => Assert.True(Play(Read(other), rules)['A'][^1] > vmas, other));
            }
        });
    }

    /// <summary>None is listed here that is not among the remedies.</summary>
    [Fact]
    public void NothingElseIsListed() => Assert.Equal(_shown.Keys.Order(), Measured.Select(row => row.Data).Order());

    /// <summary>What a later kernel does is not what an earlier one does.</summary>
    [Fact]
    public void ALaterKernelIsNeeded() => Assert.True(
        Play(Read("merge/mprotect-unfaulted-left-faulted-right"), KernelRules.Linux612)['A'][^1] > 1);

    /// <summary>
    /// What a remedy names is what the pair has: nothing is advised that both have, or that neither lacks.
    /// </summary>
    [Theory]
    [InlineData(VmaFlags.DontDump, "MADV_RANDOM, then MADV_NORMAL")]
    [InlineData(VmaFlags.RandRead, "MADV_NORMAL, then MADV_RANDOM")]
    [InlineData(VmaFlags.SeqRead | VmaFlags.DontCopy, "MADV_NORMAL, then MADV_SEQUENTIAL")]
    public void WhatIsTriedChangesSomethingAndIsUndone(VmaFlags flags, string calls)
    {
        Remedy remedy = Assert.Single(Remedy.For(Group(ReadWrite | flags, ReadWrite | flags)));
        Assert.Contains(calls, remedy.Text);
    }

    [Theory]
    [InlineData(ReadWrite | VmaFlags.Account, VmaFlags.None, "guard/in-place")]
    [InlineData(ReadWrite | VmaFlags.Account | VmaFlags.Locked, VmaFlags.Locked, "")]
    [InlineData(ReadWrite | VmaFlags.Account, ReadWrite | VmaFlags.NoReserve, "attributes/noreserve-all")]
    [InlineData(VmaFlags.Read | VmaFlags.Account, VmaFlags.Read, "attributes/charged")]
    [InlineData(ReadWrite, ReadWrite | VmaFlags.Locked, "mlock/merge")]
    public void OfFlagsThatDiffer(VmaFlags lower, VmaFlags upper, string shown) => Assert.Equal(
        shown.Length == 0 ? [] : (string[])[$"scenarios/{shown}.txt"],
        Remedy.For(Group(lower, upper)).Select(remedy => remedy.Shown));

    /// <summary>
    /// Every mode of workloads/regions that a remedy names leaves one VMA on the running kernel; random does not.
    /// </summary>
    [Fact]
    public void TheProgramShowsIt()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/cc"), "needs a C compiler");
        string script = Path.Combine(Root, "workloads/regions");
        _ = Output(script, "prepare", _folder);
        string[] modes = [.. Remedy.All.Select(remedy => remedy.Shown.Split(' '))
            .Where(shown => shown[0] == "workloads/regions").Select(shown => shown[1])];
        Assert.Equal(3, modes.Length);
        Assert.All(modes, mode => Assert.Equal(
            $"{mode}: 1 VMAs in 256 committed regions\n", Output(script, "run", _folder, mode)));
        Assert.DoesNotContain(" 1 VMAs", Output(script, "run", _folder, "random"));
    }

    [Theory]
    [InlineData("6.12.107-amd64", "6.13", false)]
    [InlineData("6.13.0", "6.13", true)]
    [InlineData("7.0.0-rc1", "6.16", true)]
    [InlineData("6.9", "6.16", false)]
    [InlineData("garbage", "6.16", false)]
    [InlineData("garbage", "", true)]
    public void Versions(string kernel, string since, bool works) =>
        Assert.Equal(works, new Remedy("", RemedyBasis.Inferred, "", since).WorksOn(kernel));

    // FoundProgramTests runs it, and the same program without what it did.
    private static bool IsProgram(Remedy remedy) =>
        remedy.Shown.StartsWith("tests/Verso.Lab.Tests/Programs/", StringComparison.Ordinal);

    // VMAs of the window and beside it, of each process after each step that changed their number.
    private static Dictionary<char, List<int>> Play(Scenario scenario, KernelRules rules)
    {
        EngineStage stage = new(Catalogue.Find(ReferenceDesign.Name)!, scenario, rules);
        Dictionary<char, List<int>> counts = [];
        foreach (Op step in scenario.Ops)
        {
            _ = stage.Do(step);
            foreach (char process in stage.Mms.Keys)
            {
                int count = stage.Capture(process).Vmas.Count(vma => vma.End <= new Window(1).Address(64));
                List<int> of = counts.TryGetValue(process, out List<int>? known) ? known : counts[process] = [];
                if (of.Count == 0 || of[^1] != count)
                {
                    of.Add(count);
                }
            }
        }

        return counts;
    }

    private static Scenario Read(string name) =>
        ScenarioFiles.Read([Path.Combine(Root, "scenarios", name + ".txt")]).Single();

    private static IEnumerable<KernelRules> Named(string series) => [KernelRules.Nearest(series)];

    private static ReasonGroup Group(VmaFlags lower, VmaFlags upper)
    {
        MergeTests failed = lower == upper ? MergeTests.None : MergeTests.Flags;
        bool isInaccessible = ((lower & VmaFlags.Access) == 0) || ((upper & VmaFlags.Access) == 0);
        Boundary boundary = new(Vma(1, lower), Vma(2, upper), new MergeVerdict(failed))
        {
            Inaccessible = isInaccessible ? InaccessibleUse.Guard : InaccessibleUse.None,
        };
        return new ReasonGroup(failed, [boundary]) { Standing = boundary.Standing };
    }

    private static VmaImage Vma(ulong page, VmaFlags flags) =>
        new(page << Page.Shift, (page + 1) << Page.Shift, flags, page, default, 0, []);

    private static string Output(params string[] command)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
