using Verso.Lab.Callers;

namespace Verso.Lab.Tests;

/// <summary>Names of functions, as symbols and perf maps have them, for people.</summary>
public sealed class CallSiteTests
{
    [Theory]
    [InlineData("int32 [App] App.Pool::Map(int32,class [System.Runtime]System.String)[Tier0]", "App.Pool::Map")]
    [InlineData("instance void [System.Private.CoreLib] System.Span`1[System.Byte]::Fill(!0)[PreJIT]",
        "System.Span`1[System.Byte]::Fill")]
    [InlineData("void java.nio.Bits.reserveMemory(long, long)", "java.nio.Bits.reserveMemory")]
    [InlineData("Interpreter", "Interpreter")]
    [InlineData("py::make:/srv/app.py", "py::make:/srv/app.py")]
    [InlineData("0x7f00", "0x7f00")]
    public void OfWhatAProgramMadeOnlyTheNameIsLeft(string named, string expected) =>
        Assert.Equal(expected, Assert.Single(CallSite.Of([new CodeFrame(named, "")]).Functions));

    [Theory]
    [InlineData("Pool::Guard(char*)", "Pool::Guard")]
    [InlineData("main (pool.c:7)", "main (pool.c:7)")]
    [InlineData("operator new[](unsigned long)", "operator new[]")]
    public void OfAFileTheSourceLineStays(string named, string expected) =>
        Assert.Equal(expected, Assert.Single(CallSite.Of([new CodeFrame(named, "/usr/bin/pool")]).Functions));
}
