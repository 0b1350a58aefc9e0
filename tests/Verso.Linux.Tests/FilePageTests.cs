using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Linux.Graph;
using Verso.Linux.Proc;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Tests;

/// <summary>The pages of private file mappings: words of pagemap, and a live program beside its smaps.</summary>
public sealed class FilePageTests : IDisposable
{
    private const ulong Present = 1UL << 63;
    private const ulong Swap = 1UL << 62;
    private const ulong File = 1UL << 61;
    private const ulong Guard = 1UL << 58;
    private const ulong Userfault = 1UL << 57;
    private const ulong SoftDirty = 1UL << 55;
    private const ulong Marker = 31;

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0UL, "NotMapped")]
    [InlineData(SoftDirty, "NotMapped")]
    [InlineData(Present | File | SoftDirty | 4711, "Mapped")]
    [InlineData(Present | File, "Mapped")]
    [InlineData(Present | SoftDirty | 4711, "Copied")]
    [InlineData(Present, "Copied")]
    [InlineData(Present | Marker, "Copied")]
    [InlineData(Swap | (9 << 5), "Copied")]
    [InlineData(Swap, "Copied")]
    [InlineData(Swap | Userfault | 1, "Copied")]
    [InlineData(Swap | File | 28, "Mapped")]
    [InlineData(Swap | Guard, "NotMapped")]
    [InlineData(Swap | Guard | (4 << 5) | Marker, "NotMapped")]
    [InlineData(Swap | Userfault | (1 << 5) | Marker, "NotMapped")]
    public void WhoseAPageIs(ulong entry, string state) => Assert.Equal(state, PagemapEntry.Of(entry).ToString());

    [Fact]
    public void CopiedReadAndLeftAlone()
    {
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("files", Path.Join(_folder, "data"));
        var places = program.ReadLine().Split(' ');
        Assert.Equal([(5, 7), (0, 3), (601, 1)], places.Select(place => CountAt(reader, program.Id, place)));

        program.WriteLine();
        var child = int.Parse(program.ReadLine(), CultureInfo.InvariantCulture);

        // fork copies the entries of what has an anon_vma, and leaves those of the other to faults.
        Assert.Equal([(5, 7), (0, 3), (601, 1)], places.Select(place => CountAt(reader, program.Id, place)));
        Assert.Equal([(7, 6), (0, 0), (601, 1)], places.Select(place => CountAt(reader, child, place)));

        var both = SnapshotTaker.Take(reader, ProcessSelection.OfPids([program.Id, child]));
        Assert.All(both.Processes, process => AssertAsInSmaps(both, process));
    }

    [Fact]
    public void WhoEndedHasNoneThatAreKnown()
    {
        FilePageCounter counter = new([new FileIdentity(new FileId(1), FileKind.Regular, 1, 1, 4096, "/x")]);
        MmImage image = new()
        {
            Vmas = [new VmaImage(0x10000, 0x11000, 0, 0, new FileId(1), 0, [])],
            AnonVmas = [],
        };
        Assert.Equal(FilePagesReading.Changed, counter.Count(int.MaxValue, image).Reading);
        Assert.Equal(FilePagesReading.Counted, counter.Count(Environment.ProcessId, image).Reading);
    }

    /// <summary>Whoever may load the BPF program may read pagemap too, on later kernels: CAP_PERFMON is enough.</summary>
    [Theory]
    [InlineData(1, FilePagesReading.Refused)]
    [InlineData(13, FilePagesReading.Refused)]
    [InlineData(2, FilePagesReading.Changed)]
    [InlineData(3, FilePagesReading.Changed)]
    public void WhyItCannotBeOpened(int error, FilePagesReading reason) =>
        Assert.Equal(reason, FilePageCounter.ReasonOf(error));

    /// <summary>Other memory may come and go; what was counted has to be there.</summary>
    [Fact]
    public void OnlyFileMappingsThatAreGoneMakeACountWorthless()
    {
        FilePageCounter counter = new([new FileIdentity(new FileId(1), FileKind.Regular, 1, 1, 8192, "/x")]);
        VmaImage file = new(0x10000, 0x12000, 0, 0, new FileId(1), 0, []);
        VmaImage other = new(0x20000, 0x21000, 0, 0x20, default, 0, []);
        Assert.True(counter.AreKept(Of(file, other), Of(file)));
        Assert.True(counter.AreKept(Of(file), Of(file with { AnonVma = 7, Chain = [7] }, other)));
        Assert.False(counter.AreKept(Of(file), Of(other)));
        Assert.False(counter.AreKept(Of(file), Of(file with { End = 0x11000 })));
        Assert.False(counter.AreKept(Of(file), Of(file with { Pgoff = 1 })));
        Assert.False(counter.AreKept(Of(file), Of(file with { File = default })));

        static MmImage Of(params VmaImage[] vmas) => new() { Vmas = vmas, AnonVmas = [] };
    }

    private static (long Copied, long Mapped) CountAt(GraphReader reader, int pid, string address)
    {
        var process = Assert.Single(SnapshotTaker.Take(reader, ProcessSelection.OfPids([pid])).Processes);
        Assert.Equal(FilePagesReading.Counted, process.FilePages!.Reading);
        var start = ulong.Parse(address[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var held = process.FilePages.Mappings.SingleOrDefault(mapping => process.Image.Vmas[mapping.Vma].Start == start);
        return (held.Copied, held.Mapped);
    }

    // The program waits, so both readings see the same.
    private static void AssertAsInSmaps(Snapshot snapshot, ProcessGraph process)
    {
        using StreamReader text = new($"/proc/{process.Pid}/smaps");
        var smaps = Smaps.Read(text).ToDictionary(entry => entry.Line.Start);
        var kinds = snapshot.Files.ToDictionary(file => file.File, file => file.Kind);
        var compared = 0;
        for (var at = 0; at < process.Image.Vmas.Count; at++)
        {
            var vma = process.Image.Vmas[at];
            if (!vma.File.IsNone && FilePages.AreOf(vma, kinds[vma.File]))
            {
                var entry = smaps[vma.Start];
                var held = process.FilePages!.Mappings.SingleOrDefault(mapping => mapping.Vma == at);
                Assert.Equal(entry.AnonymousBytes + entry.SwapBytes, held.Copied * Page.Size);
                Assert.Equal(entry.ResidentBytes + entry.SwapBytes, (held.Copied + held.Mapped) * Page.Size);
                compared++;
            }
        }

        Assert.True(compared > 5);
    }
}
