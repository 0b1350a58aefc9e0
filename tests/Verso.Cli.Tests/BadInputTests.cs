namespace Verso.Cli.Tests;

/// <summary>Whatever is wrong with the input: one line, the right status, no stack trace.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("compare")]
    [InlineData("replay")]
    [InlineData("info")]
    public void AFileThatIsNotThere(string command) =>
        CommandLine.Run(command, Path.Combine(_folder, "none.verso")).AssertTrouble("none.verso");

    [Theory]
    [InlineData("compare")]
    [InlineData("replay")]
    [InlineData("info")]
    public void AFolder(string command) => CommandLine.Run(command, _folder).AssertTrouble(_folder);

    [Theory]
    [InlineData("compare")]
    [InlineData("replay")]
    [InlineData("info")]
    public void AFileOfAnotherKind(string command) =>
        CommandLine.Run(command, Write("foreign", "#!/bin/sh\nexit 0\n"u8.ToArray())).AssertTrouble("at byte 0");

    [Fact]
    public void EveryFlippedByteOfARecordingIsNoticed()
    {
        byte[] whole = File.ReadAllBytes(CommandLine.Example("regions-sequential"));
        for (int at = 0; at < whole.Length; at += 97)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            CommandLine.Run("info", Write("damaged", damaged)).AssertTrouble("at byte");
        }
    }

    [Fact]
    public void ARecordingCutShortIsReadAndGraded()
    {
        byte[] whole = File.ReadAllBytes(CommandLine.Example("make-gcc"));
        Outcome outcome = CommandLine.Run("replay", Write("short", whole[..(whole.Length / 2)]));
        Assert.Equal(0, outcome.Status);
        Assert.Contains("truncated", outcome.Output);
    }

    [Fact]
    public void RandomBytes()
    {
        int seed = RandomSeed.First;
        Random random = new(seed);
        for (int round = 0; round < 50; round++)
        {
            byte[] bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            try
            {
                CommandLine.Run("compare", Write("random", bytes)).AssertTrouble("at byte");
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}", e);
            }
        }
    }

    [Fact]
    public void AnUnknownDesign() =>
        CommandLine.Run("compare", CommandLine.Example("regions-random"), "--designs", "no-such").AssertTrouble("no-such");

    [Fact]
    public void AnUnknownOptionOfADesign() =>
        CommandLine.Run("compare", CommandLine.Example("regions-random"), "--designs", "pte-chain:colour=red")
            .AssertTrouble("colour");

    [Fact]
    public void AnUnknownOption() => CommandLine.Run("compare", "--no-such", "x").AssertTrouble("no-such");

    [Fact]
    public void AnUnknownCommand() => CommandLine.Run("conjure").AssertTrouble("conjure");

    [Fact]
    public void AnUnknownFormat() =>
        CommandLine.Run("compare", CommandLine.Example("regions-random"), "--format", "xml").AssertTrouble("xml");

    [Theory]
    [InlineData("strace")]
    [InlineData("perf")]
    public void TextWithNothingUsable(string tool)
    {
        string text = Write("text", "no such\nlines here\n"u8.ToArray());
        string output = Path.Combine(_folder, "out.verso");
        CommandLine.Run("import", tool, text, "-o", output).AssertTrouble("text");
        Assert.False(File.Exists(output));
    }

    [Fact]
    public void ACommandThatIsNotThere() =>
        CommandLine.Run("record", "-o", Path.Combine(_folder, "x.verso"), "--", "/no/such/command")
            .AssertTrouble("/no/such/command", status: 127);

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
