using System.Diagnostics;
using System.Text.Json;

namespace Verso.Cli.Tests;

/// <summary>The commands of somebody who is not root: run as another user, really.</summary>
public sealed class UnprivilegedTests : IDisposable
{
    private const string Nobody = "65534";

    private static readonly string[] AsNobody = ["setpriv", "--reuid", Nobody, "--regid", Nobody, "--clear-groups"];

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void OneSOwnProcessIsExplainedFromProc()
    {
        RequireSetpriv();
        using Sleeper sleeper = new(AsNobody);
        Outcome outcome = Run("explain", sleeper.Id, "-j");
        Assert.Equal(0, outcome.Status);
        Assert.StartsWith("verso explain: read from /proc, which does not show everything: ", outcome.Error);
        Assert.Contains("CAP_BPF", outcome.Error);
        Assert.Equal(1, outcome.Error.Count(letter => letter == '\n'));
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        Assert.Equal("proc", document.RootElement.GetProperty("source").GetString());
        Assert.Equal("whole", document.RootElement.GetProperty("reading").GetString());
        Assert.True(document.RootElement.GetProperty("vmas").GetInt32() > 10);
        Assert.True(document.RootElement.GetProperty("never").GetArrayLength() > 0);
    }

    /// <summary>Neither its own process nor another's: the graph is the kernel's.</summary>
    [Fact]
    public void TheGraphIsRefused()
    {
        RequireSetpriv();
        using Sleeper own = new(AsNobody);
        foreach (string command in (string[])["snapshot", "snapshot --all", $"snapshot --pid {own.Id}",
            "explain --rmap --all", $"explain --rmap {own.Id}", "record -o x.verso -- true"])
        {
            Run(command.Split(' ')).AssertTrouble("CAP_BPF and CAP_PERFMON");
        }
    }

    /// <summary>top shows of one's own processes what /proc does.</summary>
    [Fact]
    public void TopShowsOneSOwn()
    {
        RequireSetpriv();
        using Sleeper own = new(AsNobody);
        using Sleeper roots = new();
        Outcome outcome = Run("top", "--count", "1", "--filter", "sleep");
        Assert.Equal(0, outcome.Status);
        Assert.StartsWith("verso top: VMAs only, of processes that this user may read, from /proc: ", outcome.Error);
        Assert.Contains($"  {own.Id} sleep ", outcome.Output);
        Assert.DoesNotContain($"  {roots.Id} sleep", outcome.Output);
        Assert.DoesNotContain("anon_vmas", outcome.Output);
        Run("top", "--count", "1", "--pid", roots.Id).AssertTrouble($"process {roots.Id} belongs to root");
    }

    [Fact]
    public void WhatIsNotOneSOwnIsRefused()
    {
        RequireSetpriv();
        using Sleeper roots = new();
        Run("explain", roots.Id).AssertTrouble($"process {roots.Id} belongs to root: run this as that user or as root");
        using Sleeper other = new("setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups");
        Run("explain", other.Id).AssertTrouble($"process {other.Id} belongs to user 65533: run this as that user or as root");
        using Sleeper own = new(AsNobody);
        Run("explain", own.Id, "--source", "kernel").AssertTrouble("CAP_BPF");
        Run("explain", "2147483647").AssertTrouble("process 2147483647 does not exist");
    }

    /// <summary>A process that keeps secrets (ssh-agent, gpg-agent) hides its maps from its own user.</summary>
    [Fact]
    public void WhatHidesFromItsUserIsRefused()
    {
        const string Hide = "import ctypes, time; ctypes.CDLL(None).prctl(4, 0); print('hidden', flush=True); time.sleep(60)";
        RequireSetpriv();
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "needs python3");
        using Shell shell = new($"echo $$; exec {string.Join(' ', AsNobody)} /usr/bin/python3 -c \"{Hide}\"");
        string pid = shell.ReadLine();
        Assert.Equal("hidden", shell.ReadLine());
        Run("explain", pid).AssertTrouble(
            $"process {pid} is not dumpable, so only root may read its maps: run this as root");
    }

    private static void RequireSetpriv() => Assert.SkipUnless(
        Environment.UserName == "root" && File.Exists("/usr/bin/setpriv"), "needs root and setpriv");

    // The checkout may be where others may not look.
    private void Prepare()
    {
        if (!File.Exists(Path.Combine(_folder, "verso")))
        {
            foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(CommandLine.Program)!)
                .Where(file => Path.GetExtension(file) is ".dll" or ".json" || Path.GetFileName(file) == "verso"))
            {
                CommandLine.CopyProgram(file, Path.Combine(_folder, Path.GetFileName(file)));
            }

            if (OperatingSystem.IsLinux())
            {
                File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
            }
        }
    }

    private Outcome Run(params string[] arguments)
    {
        Prepare();
        ProcessStartInfo start = new(AsNobody[0], [.. AsNobody[1..], Path.Combine(_folder, "verso"), .. arguments])
        {
            WorkingDirectory = "/",
        };
        start.Environment["DOTNET_CLI_HOME"] = _folder;
        start.Environment["HOME"] = _folder;
        return CommandLine.Run(start);
    }
}
