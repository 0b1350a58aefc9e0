namespace Verso.Traces.Tests;

/// <summary>Numbers of calls by the names that programs and strace give them.</summary>
public sealed class LinuxConstantsTests
{
    [Theory]
    [InlineData("MAP", 0x22, "MAP_PRIVATE|MAP_ANONYMOUS")]
    [InlineData("MAP", 0x100022, "MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE")]
    [InlineData("MAP", 0x62, "MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT")]
    [InlineData("MAP", 0x3, "MAP_SHARED_VALIDATE")]
    [InlineData("MAP", 0x40000000, "0x40000000")]
    [InlineData("MREMAP", 3, "MREMAP_MAYMOVE|MREMAP_FIXED")]
    [InlineData("MREMAP", 11, "MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON")]
    [InlineData("MREMAP", 33, "MREMAP_MAYMOVE|0x20")]
    [InlineData("MREMAP", 0, "0")]
    [InlineData("PROT", 0, "PROT_NONE")]
    [InlineData("MCL", 7, "MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT")]
    public void FlagsAreWrittenAsInAProgram(string prefix, ulong value, string text) =>
        Assert.Equal(text, LinuxConstants.Flags(prefix, value));

    [Theory]
    [InlineData("MADV", 102, "MADV_GUARD_INSTALL")]
    [InlineData("MADV", 22, "MADV_POPULATE_READ")]
    [InlineData("MADV", 77, "MADV_77")]
    [InlineData("UFFDIO", 6, "UFFDIO_WRITEPROTECT")]
    public void AValueHasOneName(string prefix, ulong value, string text) =>
        Assert.Equal(text, LinuxConstants.Value(prefix, value));
}
