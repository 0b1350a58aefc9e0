using System.Diagnostics;

namespace Verso.Cli.Tests;

/// <summary>What never ends is refused in one line, from devices and from pipes, and leaves nothing behind.</summary>
public sealed class EndlessInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("info DEVICE")]
    [InlineData("replay DEVICE")]
    [InlineData("compare DEVICE")]
    [InlineData("import DEVICE")]
    [InlineData("import strace DEVICE")]
    [InlineData("import perf DEVICE")]
    [InlineData("snapshot --from DEVICE")]
    [InlineData("explain 1 --from DEVICE")]
    [InlineData("explain --rmap --from DEVICE")]
    [InlineData("top --from DEVICE")]
    [InlineData("verify --engine DEVICE")]
    [InlineData("verify --kernel DEVICE")]
    public void ADevice(string command)
    {
        foreach (string device in (string[])["/dev/zero", "/dev/urandom"])
        {
            Shell($"VERSO {command.Replace("DEVICE", device, StringComparison.Ordinal)}").AssertTrouble(device);
        }
    }

    [Theory]
    [InlineData("info -")]
    [InlineData("replay -")]
    [InlineData("compare -")]
    [InlineData("import -")]
    [InlineData("import strace -")]
    [InlineData("import perf -")]
    [InlineData("snapshot --from -")]
    [InlineData("explain --rmap --from -")]
    [InlineData("top --from -")]
    public void APipe(string command)
    {
        string demo = CommandLine.Example("demo");
        string kept = Path.Combine(CommandLine.Root, "examples/redis-fork.vsnap");
        foreach (string endless in (string[])
            ["cat /dev/zero", "yes", $"(head -c 9000 {demo}; cat /dev/zero)", $"(head -c 9000 {kept}; cat /dev/zero)"])
        {
            Shell($"{{ {endless}; }} 2> /dev/null | VERSO {command}").AssertTrouble("standard input");
        }
    }

    /// <summary>As the shell's &lt;(...) gives it; the temporary copy goes.</summary>
    [Fact]
    public void AFifo()
    {
        Shell($"mkfifo {_folder}/f; cat /dev/urandom 2> /dev/null > {_folder}/f & VERSO info {_folder}/f").AssertTrouble("at byte 0");
        Assert.Equal(["f"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
    }

    private Outcome Shell(string script)
    {
        ProcessStartInfo start = new("bash", ["-c", script.Replace("VERSO", CommandLine.Program, StringComparison.Ordinal)]);
        start.Environment["TMPDIR"] = _folder;
        return CommandLine.Run(start);
    }
}
