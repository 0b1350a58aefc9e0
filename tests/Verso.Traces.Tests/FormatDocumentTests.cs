using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Verso.Engine;

namespace Verso.Traces.Tests;

/// <summary>docs/trace-format.md and the code say the same.</summary>
public sealed partial class FormatDocumentTests
{
    private static readonly string[] Document = System.IO.File.ReadAllLines(
        Path.Combine(RepositoryRoot(), "docs", "trace-format.md"));

    [Fact]
    public void TablesOfValuesAreComplete()
    {
        AssertTable<TraceEventKind>();
        AssertTable<TraceAccess>();
        AssertTable<PrepareOutcome>();
        AssertTable<PrepareReason>();
        AssertTable<CheckpointReason>();
        AssertTable<FileKind>();
        AssertTable<FileModes>();
        AssertTable<MmFlags>();
        AssertTable<DriverTraits>();
        AssertTable<TraceGrade>();
        AssertTable<NotFollowedCause>();
    }

    [Fact]
    public void KeysOfHeaderAndTrailerAreComplete()
    {
        List<Block> blocks = Block.Split(Samples.Write([]));
        IEnumerable<string> written = new[] { blocks[0], blocks[^1] }
            .SelectMany(block => Key().Matches(Encoding.UTF8.GetString(block.Body)))
            .Select(match => match.Groups[1].Value);
        IEnumerable<string> described = Section("## Header and trailer")
            .Select(line => KeyRow().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);
        Assert.Equal(written.Order(), described.Order());
    }

    [Fact]
    public void TheExampleIsByteForByteWhatIsWritten()
    {
        byte[] described = Bytes(DumpRow());
        byte[] written = Example();

        // A later zlib may pack otherwise.
        Assert.Equal(Unpacked(written), Unpacked(described));
        Assert.Equal(SecondReader.Read(described), SecondReader.Read(written), (a, b) => Samples.Same(a, b));
        Assert.Equal(Bytes(FieldRow()), Block.Split(written)[1].Unpacked);
    }

    private static IEnumerable<byte[]> Unpacked(byte[] file) => Block.Split(file).Select(block => block.Unpacked);

    private static byte[] Bytes(Regex row) => Convert.FromHexString(string.Concat(
        Section("## An example, byte for byte").Select(line => row.Match(line).Groups[1].Value.Replace(" ", ""))));

    [Fact]
    public void TheMessagesQuotedAreTheOnesGiven()
    {
        string[] section = [.. Section("## Damage")];
        byte[] file = Example();
        Assert.Contains(MessageFor([.. file[1..]]), section);
        Assert.Contains(MessageFor([.. file[..^98], (byte)(file[^98] ^ 1), .. file[^97..]]), section);
        MemoryStream other = new();
        using (new TraceWriter(other, new TraceHeader { Source = "synthetic", Version = 2 }))
        {
        }

        Assert.Contains(MessageFor(other.ToArray()), section);
    }

    private static string MessageFor(byte[] file) => Assert.Throws<TraceFormatException>(() =>
    {
        using TraceReader reader = TraceReader.Open(new MemoryStream(file));
        Samples.ReadAll(reader);
    }).Message;

    private static byte[] Example()
    {
        MemoryStream stream = new();
        using (TraceWriter writer = new(stream, new TraceHeader { Source = "synthetic" }))
        {
            writer.Write(new TraceEvent
            {
                Kind = TraceEventKind.Mmap,
                Task = 7,
                Mm = 1,
                Time = 1500,
                Result = 0x7f00_0000_0000,
                Arg1 = 8192,
                Arg2 = 3,
                Arg3 = 0x22,
            });
            writer.Write(new TraceEvent
            {
                Kind = TraceEventKind.Fault,
                Task = 7,
                Mm = 1,
                Time = 1750,
                Arg0 = 0x7f00_0000_0000,
                Arg1 = (ulong)TraceAccess.Write,
            });
        }

        return stream.ToArray();
    }

    private static void AssertTable<T>()
        where T : struct, Enum
    {
        IEnumerable<(ulong, string)> described =
            from line in Section($"### `{typeof(T).Name}`")
            let match = ValueRow().Match(line)
            where match.Success
            select (ulong.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Value);
        IEnumerable<(ulong, string)> defined = Enum.GetValues<T>()
            .Select(value => (Convert.ToUInt64(value, CultureInfo.InvariantCulture), value.ToString()));
        Assert.Equal(defined.Order(), described.Order());
    }

    /// <summary>The lines below a heading, up to the next of its rank or a higher one.</summary>
    private static IEnumerable<string> Section(string heading)
    {
        int at = Array.FindIndex(Document, line => line.StartsWith(heading, StringComparison.Ordinal));
        Assert.True(at >= 0, $"no heading {heading}");
        int rank = heading.IndexOf(' ');
        return Document.Skip(at + 1).TakeWhile(line => !Heading().IsMatch(line) || line.IndexOf(' ') > rank);
    }

    private static string RepositoryRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));

    [GeneratedRegex("\"([A-Za-z]+)\":")]
    private static partial Regex Key();

    [GeneratedRegex(@"^\| `(\w+)` \|")]
    private static partial Regex KeyRow();

    [GeneratedRegex(@"^\| (\d+) \| (\w+) \|")]
    private static partial Regex ValueRow();

    [GeneratedRegex("^   [0-9a-f]{4}  ((?:[0-9a-f]{2} ?)+)")]
    private static partial Regex DumpRow();

    [GeneratedRegex("^((?:[0-9a-f]{2} )+)  ")]
    private static partial Regex FieldRow();

    [GeneratedRegex("^#+ ")]
    private static partial Regex Heading();
}
