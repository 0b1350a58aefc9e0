using System.Diagnostics;
using System.Runtime.CompilerServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Explain;
using Verso.Lab.Fidelity;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests;

/// <summary>
/// What explain tells people to do: shown where it says it is, and so under the rules of every kernel here.
/// </summary>
public sealed class RemedyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-lab-tests-").FullName;

    /// <summary>Scenarios that end with one VMA, whatever the kernel.</summary>
    public static TheoryData<string> Joining { get; } =
    [
        "regions/sequential", "regions/random-touched-last", "regions/random-one-touch-before", "regions/decommitted-by-map",
        "regions/open", "mlock/merge", "attributes/policy", "attributes/dontdump", "attributes/file-adjacent",
        "merge/mremap-faulted-away-and-back",
    ];

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
            Assert.True(
                shown.Length == 1 || File.ReadAllText(Path.Combine(Root, shown[0] + ".c")).Contains($" {shown[1]} "),
                remedy.Shown);
        });
    }

    [Theory]
    [MemberData(nameof(Joining))]
    public void UnderTheRulesOfEveryKernel(string name)
    {
        Assert.Contains(Remedy.All, remedy => remedy.Since == "" && remedy.Shown is not "" && Shows(remedy, name));
        Scenario scenario = ScenarioFiles.Read([Path.Combine(Root, "scenarios", name + ".txt")]).Single();
        Assert.All(KernelRules.All, rules =>
        {
            EngineStage stage = new(Catalogue.Find(ReferenceDesign.Name)!, scenario, rules);
            foreach (Op step in scenario.Ops)
            {
                _ = stage.Do(step);
            }

            MmImage image = stage.Capture('A');
            Assert.Single(image.Vmas, vma => vma.End <= new Window(1).Address(64));
        });
    }

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

    private static bool Shows(Remedy remedy, string name) =>
        remedy.Shown == $"scenarios/{name}.txt"
        || (remedy.Shown, name) is ("workloads/regions random-touchlast", "regions/random-touched-last")
            or ("workloads/regions random-hint", "regions/random-one-touch-before");

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
