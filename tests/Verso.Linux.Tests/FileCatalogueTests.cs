using Verso.Engine;
using Verso.Linux.Interop;

namespace Verso.Linux.Tests;

public sealed class FileCatalogueTests
{
    private readonly FileCatalogue _files = new();

    [Fact]
    public void TwoOpensOfOneFileAreTwoFiles()
    {
        var first = _files.Define(Record(0x100, 7), "passwd\0etc\0"u8);
        var second = _files.Define(Record(0x200, 7), []);
        Assert.Equal("/etc/passwd", first!.Path);
        Assert.Equal("/etc/passwd", second!.Path);
        Assert.NotEqual(first.File, second.File);
        Assert.Equal(first.File, _files.Find(0x100));
    }

    [Fact]
    public void ARecycledPointerIsAnotherFile()
    {
        var first = _files.Define(Record(0x100, 7), "a\0"u8);
        var second = _files.Define(Record(0x100, 8), "b\0"u8);
        Assert.NotEqual(first!.File, second!.File);
        Assert.Equal(second.File, _files.Find(0x100));
        Assert.Null(_files.Define(Record(0x100, 7), []));
        Assert.Equal(first.File, _files.Find(0x100));
    }

    [Fact]
    public void AFileOpenedAgainForMoreIsAnotherFile()
    {
        var reading = Record(0x100, 7) with { Access = 1 };
        var first = _files.Define(reading, "a\0"u8);
        var second = _files.Define(Record(0x100, 7), []);
        Assert.NotEqual(first!.File, second!.File);
        Assert.Equal((FileModes.Read, FileModes.Read | FileModes.Write), (first.Modes, second.Modes));
        Assert.Equal(second.File, _files.Find(0x100));
        Assert.Null(_files.Define(reading, []));
        Assert.Equal(first.File, _files.Find(0x100));
    }

    [Fact]
    public void AnotherFileWithTheNumberOfADeletedOneIsAnotherFile()
    {
        var first = _files.Define(Record(0x100, 7), "a\0"u8);
        var second = _files.Define(Record(0x100, 7) with { Generation = 1 }, "b\0"u8);
        Assert.NotEqual(first!.File, second!.File);
        Assert.Equal("/b", second.Path);
    }

    [Theory]
    [InlineData(0x8000u, 0xef53ul, 0u, FileKind.Regular)]
    [InlineData(0x8000u, 0x01021994ul, 0u, FileKind.SharedMemory)]
    [InlineData(0x8000u, 0x958458f6ul, 0u, FileKind.HugeTlb)]
    [InlineData(0x2000u, 0x01021994ul, 0x100005u, FileKind.Zero)]
    [InlineData(0x2000u, 0x01021994ul, 0x100003u, FileKind.Device)]
    public void WhatIsBehindItFollowsFromTheInode(uint mode, ulong magic, uint node, FileKind kind)
    {
        var record = Record(0x100, 7);
        record.Mode = mode;
        record.Magic = magic;
        record.DeviceOfNode = node;
        Assert.Equal(kind, _files.Define(record, [])!.Kind);
    }

    [Fact]
    public void NothingIsNoFile()
    {
        Assert.True(_files.Find(0).IsNone);
        Assert.True(_files.Find(0x999).IsNone);
    }

    private static FileRecord Record(ulong pointer, ulong inode) =>
        new() { File = pointer, Inode = inode, Device = 3, Mode = 0x8000, Access = 3 };
}
