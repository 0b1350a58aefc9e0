using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;
using System.Text;
using Verso.Traces;

namespace Verso.Cli.Tests;

/// <summary>Whatever is wrong with the input: one line, the right status, no stack trace.</summary>
/// <remarks>
/// Strategy: random bytes of up to 3,000 are damage no program could have made; FuzzTests damages sound files.
/// VERSO_SEED=N begins elsewhere.
/// </remarks>
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

    [Theory]
    [InlineData("--jobs takes a whole number from 1 to 2147483647, not '0'", "compare", "x", "--jobs", "0")]
    [InlineData("--jobs takes a whole number from 1 to 2147483647, not 'many'", "compare", "x", "--jobs", "many")]
    [InlineData("--walks takes a whole number from 0 to 2147483647, not '-1'", "compare", "x", "--walks", "-1")]
    [InlineData("--differences takes a whole number from 0 to 2147483647, not '1e3'", "replay", "x", "--differences=1e3")]
    [InlineData(
        "--seed takes a whole number from 0 to 18446744073709551615, not '18446744073709551616'",
        "verify", "--seed", "18446744073709551616")]
    [InlineData("no rules for Linux '5.4'; there are", "replay", "x", "--rules", "5.4")]
    [InlineData("no rules for Linux 'new'; there are", "compare", "x", "--rules", "new")]
    [InlineData("--checkpoint-interval takes", "record", "--checkpoint-interval", "-5", "--", "true")]
    [InlineData("--from takes detect, strace or perf, not 'ltrace'", "import", "x", "--from", "ltrace")]
    [InlineData("'bash' 'zsh' 'fish'", "completion", "csh")]
    public void AValueThatAnOptionDoesNotTake(string part, params string[] arguments) =>
        CommandLine.Run(arguments).AssertTrouble(part);

    [Theory]
    [InlineData("record", "--", "true")]
    [InlineData("import", "text")]
    public void AFolderToWriteTo(params string[] arguments) =>
        CommandLine.Run([arguments[0], "-o", _folder, .. arguments[1..]]).AssertTrouble($"'{_folder}' is a directory");

    /// <summary>As a variable of the shell gives it that is not set.</summary>
    [Theory]
    [InlineData("info", "")]
    [InlineData("replay", "")]
    [InlineData("compare", "")]
    [InlineData("import", "")]
    [InlineData("snapshot", "--from", "")]
    [InlineData("snapshot", "-o", "")]
    [InlineData("top", "--from", "")]
    [InlineData("explain", "1", "--from", "")]
    [InlineData("explain", "--rmap", "--from", "")]
    [InlineData("record", "-o", "", "--", "true")]
    [InlineData("import", "text", "-o", "")]
    public void AFileWithoutAName(params string[] arguments) =>
        CommandLine.Run(arguments).AssertTrouble("the name of the file is empty");

    /// <summary>As the shell's &lt;(...) gives it.</summary>
    [Theory]
    [InlineData("info")]
    [InlineData("replay")]
    [InlineData("compare")]
    public async Task ATraceFromAPipeIsRead(string command)
    {
        string pipe = Path.Combine(_folder, "pipe");
        using (Process maker = Process.Start("mkfifo", [pipe]))
        {
            await maker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Task writing = Task.Run(async () =>
        {
            await using FileStream target = new(pipe, FileMode.Open, FileAccess.Write);
            await using FileStream source = File.OpenRead(CommandLine.Example("regions-sequential"));
            await source.CopyToAsync(target, TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);
        Outcome outcome = CommandLine.Run(command, pipe);
        await writing;
        Assert.True(outcome.Status == 0, outcome.Error);
    }

    [Theory]
    [InlineData("line 1: not a step", "juggle A 4 1")]
    [InlineData("line 1: a word is missing or unknown", "map A 4")]
    [InlineData("line 2: no permissions: rz", "map A 4 1 rw\nprotect A 4 1 rz")]
    [InlineData("line 1: ", "map A 4 99999999999999999999 rw")]
    [InlineData("line 1: processes and files have names of one letter", "map AB 4 1 rw")]
    [InlineData("line 1: processes and files have names of one letter", "truncate ff 1")]
    [InlineData("line 1: 'onfault' is not a word of 'map'", "map A 4 1 rw onfault")]
    [InlineData("line 1: a byte is a number from 0 to 255", "write A 4 999")]
    [InlineData("line 1: a number from 1 to", "option unit 0")]
    [InlineData("line 1: a number from 1 to", "option maxmaps -1")]
    [InlineData("no step in it", "# a comment")]
    [InlineData("no step in it", "")]
    public void ATextThatIsNoScenario(string part, string text)
    {
        string file = Write("s.txt", Encoding.UTF8.GetBytes(text));
        CommandLine.Run("verify", "--engine", file).AssertTrouble(part);
        CommandLine.Run("compare", file).AssertTrouble($"s.txt: {part}");
        CommandLine.Run("report", file, "-j").AssertTrouble($"s.txt: {part}");
    }

    [Theory]
    [InlineData("line 1, byte 1: expected the document that verso compare -j prints", "{")]
    [InlineData("expected the document that verso compare -j prints", "{\"\u001b[2J\nx")]
    [InlineData("expected the document that verso compare -j prints", "{\"schema\":\"verso-replay/1\",\"name\":\"x\"}")]
    [InlineData("expected the schema verso-compare/1", "{\"schema\":\"verso-compare/2\",\"traces\":[]}")]
    [InlineData("expected a trace, as in", "{\"schema\":\"verso-compare/1\",\"traces\":[]}")]
    [InlineData("expected traces, as in", "{\"schema\":\"verso-compare/1\",\"traces\":[null]}")]
    [InlineData("expected the document", "{\"schema\":\"verso-compare/1\",\"traces\":[],\"traces\":[]}")]
    public void ADocumentThatCompareDidNotPrint(string part, string text) =>
        CommandLine.Run("report", Write("r.json", Encoding.UTF8.GetBytes(text)), "-j").AssertTrouble(part);

    [Fact]
    public void AScenarioFileThatIsNot()
    {
        CommandLine.Run("verify", "--engine", Path.Combine(_folder, "none.txt")).AssertTrouble("none.txt");
        CommandLine.Run("verify", "--engine", _folder).AssertTrouble("no scenario files");
        CommandLine.Run("verify", "--engine", "/dev/zero").AssertTrouble("a scenario has at most");
        string escapes = Write("e.txt", "\e[2J\e]0;x\a 1"u8.ToArray());
        Outcome outcome = CommandLine.Run("verify", "--engine", escapes);
        outcome.AssertTrouble("not a step");
        Assert.DoesNotContain(outcome.Error, letter => char.IsControl(letter) && letter != '\n');
        byte[] noise = new byte[100_000];
        Array.Fill(noise, (byte)'x');
        Assert.True(CommandLine.Run("verify", "--engine", Write("x.txt", noise)).Error.Length < 1000);
    }

    /// <summary>Where nothing was compared, nothing differs.</summary>
    [Fact]
    public void AScenarioThatCannotBePlayed()
    {
        string impossible = Write("i.txt", "exit A\nread A 4"u8.ToArray());
        Outcome outcome = CommandLine.Run("verify", "--engine", impossible);
        Assert.Equal(2, outcome.Status);
        Assert.Contains("read A 4: not possible here", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("1 cannot be played", outcome.Output, StringComparison.Ordinal);
        CommandLine.Run("compare", impossible).AssertTrouble("i.txt: step 2: 'read A 4' is not possible there");
    }

    [Theory]
    [InlineData("scenario files", "--expect")]
    [InlineData("scenario files", "--engine")]
    [InlineData("scenario files", "--draw", "--seed", "3")]
    public void VerifyOptionsThatNeedFiles(string part, params string[] arguments) =>
        CommandLine.Run(["verify", .. arguments]).AssertTrouble(part);

    /// <summary>Pictures of a whole directory scrolled by for minutes.</summary>
    [Theory]
    [InlineData("verify", "--engine", "--draw")]
    [InlineData("step")]
    public void OneScenarioOfManyHasToBeNamed(params string[] command) =>
        CommandLine.Run([.. command, Path.Combine(CommandLine.Root, "scenarios/cow")]).AssertTrouble("scenarios: name one of them");

    /// <summary>It was once written over.</summary>
    [Fact]
    public void ExpectationsAreNeverWrittenIntoATrace()
    {
        string trace = Write("short.verso", File.ReadAllBytes(CommandLine.Example("regions-random")));
        byte[] before = File.ReadAllBytes(trace);
        CommandLine.Run("verify", "--expect", trace).AssertTrouble("is a trace");
        CommandLine.Run("verify", "--expect", "--engine", trace).AssertTrouble("--engine");
        Assert.Equal(before, File.ReadAllBytes(trace));
    }

    [Theory]
    [InlineData("PID takes process ids, not 'x'", "x")]
    [InlineData("PID takes process ids, not '0'", "0")]
    [InlineData("PID takes process ids, not '99999999999'", "99999999999")]
    [InlineData("none.vsnap", "1", "--from", "none.vsnap")]
    public void WhatCannotBeExplained(string part, params string[] arguments) =>
        CommandLine.Run(["explain", .. arguments]).AssertTrouble(part);

    [Theory]
    [InlineData("{\"source\":null}")]
    [InlineData("{\"source\":\"x\",\"command\":null}")]
    [InlineData("{\"source\":\"x\",\"startUnixSeconds\":9223372036854775807}")]
    public void AHeaderThatIsSoundJsonAndNoHeader(string json) =>
        CommandLine.Run("info", Write("header", TraceWithHeader(json))).AssertTrouble("at byte");

    [Fact]
    public void WhatAFileSaysOfItselfMovesNoCursor()
    {
        MemoryStream file = new();
        TraceHeader header = new() { Source = "a\e[2Jb", Kernel = "6\a", Command = "c\e]0;d\nd", Machine = "e\rf" };
        using (TraceWriter writer = new(file, header))
        {
        }

        string trace = Write("escapes", file.ToArray());
        foreach (string[] arguments in (string[][])[["info"], ["replay"], ["compare"], ["compare", "--format", "lkp"]])
        {
            Outcome outcome = CommandLine.Run([.. arguments, trace]);
            Assert.Equal(0, outcome.Status);
            Assert.DoesNotContain(outcome.Output, letter => char.IsControl(letter) && letter != '\n');
        }
    }

    /// <summary>What --verify finds does not need the kernel's checkpoints.</summary>
    [Fact]
    public void ATraceWithoutCheckpointsIsVerifiedAndSaysSo()
    {
        string text = Path.Combine(CommandLine.Root, "tests/Verso.Traces.Tests/Fixtures/strace-f-o-y.txt");
        string trace = Path.Combine(_folder, "imported.verso");
        Assert.Equal(0, CommandLine.Run("import", "strace", text, "-o", trace).Status);
        Outcome outcome = CommandLine.Run("replay", trace, "--verify");
        Assert.Contains("unknown: the trace has no checkpoints", outcome.Output);
        Assert.Contains("no violation", outcome.Output);
    }

    [Fact]
    public void AnErrorThatCannotBeSaidIsNoCrash() =>
        Assert.Equal(2, VersoCommandLine.Run(["info", "/no/such/trace"], TextWriter.Null, new FullDevice()));

    private sealed class FullDevice : StringWriter
    {
        public override void Write(string? value) => throw new IOException("No space left on device");
    }

    /// <summary>Magic and a header block with right checksums.</summary>
    private static byte[] TraceWithHeader(string json)
    {
        MemoryStream file = new();
        file.Write("VERSO\r\n\u001a"u8);
        byte[] body = Encoding.UTF8.GetBytes(json);
        byte[] frame = new byte[24];
        frame[0] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(8), body.Length);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(12), body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(16), Checksum(body));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(20), Checksum(frame.AsSpan(0, 20)));
        file.Write(frame);
        file.Write(body);
        return file.ToArray();
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
