using System.Diagnostics;

namespace Verso.Linux.Tests;

/// <summary>A file is the old one or the whole new one, whatever it is and wherever it lies.</summary>
public sealed class OutputFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Target => Path.Combine(_folder, "target");

    [Fact]
    public void TheOldOneStaysUntilTheNewOneIsWhole()
    {
        File.WriteAllText(Target, "old");
        using (var file = OutputFile.Create(Target, Leftover.Deleted))
        {
            file.Stream.Write("new"u8);
            Assert.Equal("old", File.ReadAllText(Target));
            Assert.True(File.Exists(file.PartialPath));
            file.Complete();
        }

        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void WhatIsNotWholeIsDeleted()
    {
        File.WriteAllText(Target, "old");
        Assert.Throws<InvalidDataException>(() => OutputFile.Write(Target, stream =>
        {
            stream.Write("new"u8);
            throw new InvalidDataException();
        }));
        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    /// <summary>As a recording does that cannot be made again; the next one does not write over it.</summary>
    [Fact]
    public void WhatIsKeptIsSetAside()
    {
        for (var number = 1; number <= 3; number++)
        {
            using var file = OutputFile.Create(Target, Leftover.Kept);
            Assert.Equal(number == 1 ? null : $"{Target}.partial.{number - 1}", file.SetAside);
            file.Stream.Write([(byte)number]);
        }

        Assert.Equal([1], File.ReadAllBytes(Target + ".partial.1"));
        Assert.Equal([2], File.ReadAllBytes(Target + ".partial.2"));
        Assert.Equal([3], File.ReadAllBytes(Target + ".partial"));
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public void TwoDoNotWriteOneFile()
    {
        using var first = OutputFile.Create(Target, Leftover.Kept);
        first.Stream.Write("first"u8);
        first.Stream.Flush();
        var refused = Assert.Throws<IOException>(() => OutputFile.Create(Target, Leftover.Kept));
        Assert.Contains("is being written by another process", refused.Message, StringComparison.Ordinal);
        Assert.Equal("first", File.ReadAllText(Target + ".partial"));
    }

    [Fact]
    public void ALinkStaysALink()
    {
        File.WriteAllText(Target, "old");
        var link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, "target");
        OutputFile.Write(link, stream => stream.Write("new"u8));
        Assert.Equal("target", new FileInfo(link).LinkTarget);
        Assert.Equal("new", File.ReadAllText(Target));
        File.Delete(Target);
        OutputFile.Write(link, stream => stream.Write("again"u8));
        Assert.Equal("again", File.ReadAllText(Target));
        Assert.Equal([link, Target], Directory.GetFileSystemEntries(_folder).Order());
    }

    [Fact]
    public void ItKeepsTheModeOfTheOldOne()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("modes are of Unix");
            return;
        }

        File.WriteAllText(Target, "old");
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite;
        File.SetUnixFileMode(Target, Mode);
        OutputFile.Write(Target, stream => stream.Write("new"u8));
        Assert.Equal(Mode, File.GetUnixFileMode(Target));
    }

    [Fact]
    public async Task DevicesAndPipesAreWrittenAsTheyAre()
    {
        OutputFile.Write("/dev/null", stream => stream.Write("x"u8));
        Assert.False(File.Exists("/dev/null.partial"));
        var full = Assert.Throws<IOException>(() => OutputFile.Write("/dev/full", stream => stream.Write("x"u8)));
        Assert.Equal("/dev/full: No space left on device", full.Message);
        await Process.Start("mkfifo", [Target]).WaitForExitAsync(TestContext.Current.CancellationToken);
        var reading = Task.Run(() => File.ReadAllText(Target), TestContext.Current.CancellationToken);
        OutputFile.Write(Target, stream => stream.Write("through"u8));
        Assert.Equal("through", await reading);
        Assert.Equal([Target], Directory.GetFileSystemEntries(_folder));
    }

    /// <summary>A name so long that there is none for the part: written in place.</summary>
    [Fact]
    public void AFileThatCanHaveNoOtherBesideItIsWrittenInPlace()
    {
        var longest = Path.Combine(_folder, new string('n', 255));
        OutputFile.Write(longest, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(longest));
    }

    [Fact]
    public void AFolderThatIsNotThereIsNamed()
    {
        var missing = Path.Combine(_folder, "none", "target");
        var refused = Assert.Throws<DirectoryNotFoundException>(() => OutputFile.Create(missing, Leftover.Deleted));
        Assert.Contains($"'{missing}'", refused.Message, StringComparison.Ordinal);
    }
}
