using Verso.Engine.Vmas;
using Verso.Linux.Proc;

namespace Verso.Linux.Tests;

/// <summary>The files of /proc as text: what they say, and that no text does worse than be refused.</summary>
/// <remarks>
/// Strategy: some lines of real files, with up to four letters replaced, are read or refused with a FormatException.
/// VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class ProcTextTests
{
    private const int FuzzRounds = 10_000;

    private const string Letters = "0123456789abcdef-: \n?[]()\tk\0\u00ff\ud800Z";

    private const string Smaps1 = """
        5570bc617000-5570bc619000 r--p 00000000 fe:01 247629                     /usr/bin/two  blanks (deleted)
        Size:                  8 kB
        Anonymous:             4 kB
        Swap:                 12 kB
        ProtectionKey:         3
        VmFlags: rd mr mw me ac ?? sd
        7f0000000000-7f0000001000 rw-s 00001000 00:00 0                          [anon:name: with colon]
        VmFlags: rd wr mr mw me ac zz gu

        """;

    private const string NumaMaps1 = """
        7f0000000000 default
        7f0000001000 bind:0-1 anon=1 dirty=1 N0=1 kernelpagesize_kB=4
        7f0000002000 prefer (many):0 file=/x
        7f0000003000 weighted interleave:0,2 heap
        7f0000004000 prefer=static:1

        """;

    [Fact]
    public void StatusSaysHowMuchThereIsAndHowMuchIsLocked()
    {
        Assert.Equal(
            new ProcStatus(2048 * 1024, 64 * 1024),
            ProcStatus.Read(new StringReader("Name:\tx\nVmPeak:\t    4096 kB\nVmSize:\t    2048 kB\nVmLck:\t      64 kB\n")));
        Assert.Null(ProcStatus.Read(new StringReader("Name:\tkthreadd\n")));
        Assert.Throws<FormatException>(() => ProcStatus.Read(new StringReader("VmSize:\t    many kB\n")));
    }

    [Fact]
    public void SmapsSaysWhatIsResidentAndLocked()
    {
        const string Text = "7f0000000000-7f0000002000 rw-p 00000000 00:00 0 \nRss:      8 kB\nLocked:   6 kB\nVmFlags: rd wr lo\n";
        var entry = Assert.Single(Smaps.Read(new StringReader(Text)));
        Assert.Equal((8192, 6144), (entry.ResidentBytes, entry.LockedBytes));
    }

    [Fact]
    public void SmapsSaysWhatItSays()
    {
        var entries = Smaps.Read(new StringReader(Smaps1));
        Assert.Equal(2, entries.Count);
        var first = entries[0];
        Assert.Equal(
            new MapsLine(
                0x5570bc617000, 0x5570bc619000, VmaFlags.Read, 0, (0xfe << 20) | 1, 247629, "/usr/bin/two  blanks (deleted)"),
            first.Line);
        Assert.Equal(
            VmaFlags.Read | VmaFlags.MayAccess | VmaFlags.Account | VmaFlags.SoftDirty | VmaFlags.PkeyBit0 | VmaFlags.PkeyBit1,
            first.Flags);
        Assert.True(first.HasNamelessFlags);
        Assert.Equal((4096, 3 * 4096), (first.AnonymousBytes, first.SwapBytes));
        var second = entries[1];
        Assert.False(second.HasNamelessFlags);
        Assert.False(second.Line.HasFile);
        Assert.Equal(0x1000UL, second.Line.OffsetBytes);
        Assert.Equal("[anon:name: with colon]", second.Line.Name);
        Assert.True((second.Flags & VmaFlags.MaybeGuard) != 0);
        Assert.Equal(1UL << FlagLetters.FirstStrangeBit, (ulong)second.Flags >> FlagLetters.FirstStrangeBit << FlagLetters.FirstStrangeBit);
    }

    [Fact]
    public void NumaMapsSaysThePolicy()
    {
        var policies = NumaMaps.Read(new StringReader(NumaMaps1));
        Assert.Equal(
            ["default", "bind:0-1", "prefer (many):0", "weighted interleave:0,2", "prefer=static:1"],
            policies.OrderBy(each => each.Key).Select(each => each.Value));
    }

    /// <summary>
    /// The lock is let go between two reads: what was joined meanwhile comes whole, its parts before it.
    /// </summary>
    [Fact]
    public void WhatWasJoinedMeanwhileIsTheNewer()
    {
        const string Text = """
            1000-2000 r--p 00000000 00:00 0
            VmFlags: rd
            2000-3000 rw-p 00000000 00:00 0
            VmFlags: rd wr
            3000-4000 r--p 00000000 00:00 0
            VmFlags: rd
            2000-5000 r--p 00000000 00:00 0
            VmFlags: rd

            """;
        Assert.Equal(
            [(0x1000UL, 0x2000UL), (0x2000UL, 0x5000UL)],
            Smaps.Read(new StringReader(Text)).Select(entry => (entry.Line.Start, entry.Line.End)));
        Assert.Equal("bind:0", NumaMaps.Read(new StringReader("1000 default\n1000 bind:0\n"))[0x1000]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5570bc617000")]
    [InlineData("5570bc619000-5570bc617000 r--p 00000000 fe:01 1 x")]
    [InlineData("5570bc617000-5570bc619001 r--p 00000000 fe:01 1 x")]
    [InlineData("5570bc617000-5570bc619000 r--q 00000000 fe:01 1 x")]
    [InlineData("5570bc617000-5570bc619000 r--p 00000000 fe:01 -1 x")]
    [InlineData("5570bc617000-5570bc619000 r--p 00000000 1000:01 1 x")]
    [InlineData("+570bc617000-5570bc619000 r--p 00000000 fe:01 1 x")]
    public void WhatIsNoLineOfMaps(string line) => Assert.Throws<FormatException>(() => MapsLine.Parse(line));

    [Theory]
    [InlineData("Size: 4 kB\n")]
    [InlineData("1000-2000 r--p 00000000 00:00 0 \nSize: 4 kB\n")]
    [InlineData("1000-2000 r--p 00000000 00:00 0 \nno colon\nVmFlags: rd\n")]
    [InlineData("1000-3000 r--p 00000000 00:00 0 \nVmFlags: rd\n2000-3000 r--p 00000000 00:00 0 \nVmFlags: rd\n")]
    [InlineData("1000-2000 r--p 00000000 00:00 0 \nVmFlags: rd\nSwap: 99999999999999999999 kB\n")]
    [InlineData("1000-2000 r--p 00000000 00:00 0 \nVmFlags: rd\nProtectionKey: 16\n")]
    [InlineData("1000-2000 r--p 00000000 00:00 0 \nVmFlags: aa ab ad ae af ag ah ai aj ak al am an ao ap aq as\n")]
    public void WhatIsNoSmaps(string text) => Assert.Throws<FormatException>(() => Smaps.Read(new StringReader(text)));

    [Theory]
    [InlineData("7f0000000000\n")]
    [InlineData("x default\n")]
    public void WhatIsNoNumaMaps(string text) =>
        Assert.Throws<FormatException>(() => NumaMaps.Read(new StringReader(text)));

    /// <summary>Bytes are exchanged, lines dropped and doubled: it is read or refused, nothing else.</summary>
    [Fact]
    public void DamagedTextIsReadOrRefused()
    {
        var seed = RandomSeed.First;
        Random random = new(seed);
        string[] texts = [Smaps1, NumaMaps1, File.ReadAllText("/proc/self/smaps"), File.ReadAllText("/proc/self/maps")];
        string[][] sources = [.. texts.Select(text => text.Split('\n'))];
        var refused = 0;
        for (var round = 0; round < FuzzRounds; round++)
        {
            var text = Damaged(sources[random.Next(sources.Length)], random);
            refused += Refuses(text, source => _ = Smaps.Read(source)) ? 1 : 0;
            refused += Refuses(text, source => _ = NumaMaps.Read(source)) ? 1 : 0;
            refused += Refuses(text, source => _ = MapsLine.Parse(source.ReadLine() ?? "")) ? 1 : 0;
        }

        Assert.InRange(refused, FuzzRounds / 10, 3 * FuzzRounds);

        bool Refuses(string text, Action<TextReader> read)
        {
            try
            {
                read(new StringReader(text));
                return false;
            }
            catch (FormatException)
            {
                return true;
            }
            catch (Exception other)
            {
                Assert.Fail($"seed {seed}: {other.GetType().Name} at {text}");
                return false;
            }
        }
    }

    private static string Damaged(string[] lines, Random random)
    {
        var first = random.Next(lines.Length);
        var part = string.Join('\n', lines.Skip(first).Take(random.Next(1, 60))).ToCharArray();
        for (var damage = random.Next(5); damage > 0 && part.Length > 0; damage--)
        {
            part[random.Next(part.Length)] = Letters[random.Next(Letters.Length)];
        }

        return new string(part);
    }
}
