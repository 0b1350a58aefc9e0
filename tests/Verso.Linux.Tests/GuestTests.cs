using System.Text;
using Verso.Linux.Guests;

namespace Verso.Linux.Tests;

// What of guests is pure; scripts/verify-kernel boots one.
public sealed class GuestTests
{
    [Fact]
    public void ArchiveIsWhatCpioReads()
    {
        var output = new MemoryStream();
        using (var archive = new CpioWriter(output))
        {
            archive.AddFile("a/b/hello", "hello"u8.ToArray());
            archive.AddFile("a/b/hello", "again"u8.ToArray());
            archive.AddDirectory("empty");
        }

        var entries = Read(output.ToArray());
        Assert.Equal(["a", "a/b", "a/b/hello", "empty", "TRAILER!!!"], entries.Select(entry => entry.Name));
        Assert.Equal("hello", entries[2].Contents);
        Assert.Equal(0x81edu, entries[2].Mode);
        Assert.Equal(0x41edu, entries[0].Mode);
        Assert.Equal(entries.Count, entries.Select(entry => entry.Inode).Distinct().Count());
    }

    [Fact]
    public void OutputEndsWithHowItEnded()
    {
        Assert.Equal(
            new GuestOutput("12 steps\nall agree\n", 1),
            GuestOutput.Parse("12 steps\r\nall agree\r\nverso-guest: ended 00000100\r\n"));
        Assert.Equal(new GuestOutput("", 137), GuestOutput.Parse("verso-guest: ended 00000009\r\n"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12 steps\r\n")]
    [InlineData("verso-guest: ended 000")]
    [InlineData("verso-guest: ended 0000zz00\r\n")]
    public void CutOffOutputIsNone(string received) => Assert.Null(GuestOutput.Parse(received));

    [Fact]
    public void ComplaintIsTheProgramsOrThePanic()
    {
        Assert.Equal(
            "verso verify: no rules for kernel 5.0",
            GuestOutput.FindComplaint("[ 1.0] noise\r\n\r\e[K3 steps\r\e[Kverso verify: no rules for kernel 5.0\r\nbye\r\n"));
        Assert.Contains(
            "unable to mount", GuestOutput.FindComplaint("a\r\n[ 2.0] Kernel panic: unable to mount root\r\nb\r\n"),
            StringComparison.Ordinal);
        Assert.Equal("", GuestOutput.FindComplaint("\r\n"));
    }

    [Fact]
    public void LibrariesOfTheLinkerItselfAreFound()
    {
        var path = ElfLibraries.Find("libc.so.6");
        Assert.NotNull(path);
        Assert.Contains(ElfLibraries.NeededBy(File.ReadAllBytes(path)), name => name.StartsWith("ld-", StringComparison.Ordinal)
            || name.Contains("/ld-", StringComparison.Ordinal));
        Assert.Empty(ElfLibraries.NeededBy("#!/bin/sh\n"u8.ToArray()));
    }

    [Fact]
    public void InitHoldsItsCommandBehindItsCode()
    {
        var init = GuestInit.Assemble("/input", ["/bin/one", "two"], ["NAME=value"]);
        Assert.True(init.AsSpan().StartsWith("\u007fELF"u8));
        var text = Encoding.Latin1.GetString(init.AsSpan(0x2000));
        Assert.Contains("/input\0", text, StringComparison.Ordinal);
        Assert.Contains("/bin/one\0", text, StringComparison.Ordinal);
        Assert.Contains("NAME=value\0", text, StringComparison.Ordinal);
        Assert.Contains(GuestInit.StatusMark, text, StringComparison.Ordinal);
    }

    private static List<(string Name, uint Mode, uint Inode, string Contents)> Read(byte[] archive)
    {
        List<(string, uint, uint, string)> entries = [];
        for (var at = 0; at < archive.Length;)
        {
            Assert.Equal("070701", Encoding.ASCII.GetString(archive, at, 6));
            var fields = Enumerable.Range(0, 13)
                .Select(i => Convert.ToUInt32(Encoding.ASCII.GetString(archive, at + 6 + (8 * i), 8), 16)).ToArray();
            var (bytes, nameBytes) = ((int)fields[6], (int)fields[11]);
            var name = Encoding.UTF8.GetString(archive, at + 110, nameBytes - 1);
            var contents = (at + 110 + nameBytes + 3) & ~3;
            entries.Add((name, fields[1], fields[0], Encoding.UTF8.GetString(archive, contents, bytes)));
            at = (contents + bytes + 3) & ~3;
        }

        return entries;
    }
}
