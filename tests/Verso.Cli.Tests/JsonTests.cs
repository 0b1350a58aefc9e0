using System.Text.Json;
using Verso.Engine.ReverseMaps;

namespace Verso.Cli.Tests;

/// <summary>The keys that scripts rely on.</summary>
public sealed class JsonTests
{
    [Fact]
    public void CompareHasThePromisedKeys()
    {
        Outcome outcome = CommandLine.Run("compare", CommandLine.Example("git-repack"), "-j");
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        JsonElement root = document.RootElement;
        Assert.Equal("verso-compare/1", root.GetProperty("schema").GetString());
        JsonElement trace = root.GetProperty("traces")[0];
        foreach (string key in (string[])["name", "sha256", "grade", "events", "processes", "kernel"])
        {
            Assert.True(trace.TryGetProperty(key, out _), key);
        }

        JsonElement fidelity = trace.GetProperty("fidelity");
        Assert.Equal(
            fidelity.GetProperty("vmas").GetProperty("total").GetInt64(),
            fidelity.GetProperty("vmas").GetProperty("matched").GetInt64());
        Assert.True(fidelity.GetProperty("anonVmaGraph").GetProperty("total").GetInt64() > 0);
        Assert.True(trace.GetProperty("designs").GetArrayLength() >= 3);
        foreach (JsonElement design in trace.GetProperty("designs").EnumerateArray())
        {
            Assert.True(design.GetProperty("objects").GetProperty("vm_area_struct").GetProperty("peak").GetInt64() > 0);
            Assert.True(design.GetProperty("vmasPeak").GetInt64() > 0);
            Assert.True(design.GetProperty("merges").GetProperty("done").GetInt64() > 0);
            Assert.Equal(JsonValueKind.Object, design.GetProperty("merges").GetProperty("refused").ValueKind);
            bool shares = Catalogue.Find(design.GetProperty("name").GetString()!)!.Facts.Owner == PageOwner.Object;
            Assert.True(shares || design.GetProperty("ptes").GetProperty("copied").GetInt64() > 0);
            Assert.True(design.GetProperty("walks").GetProperty("useful").GetInt64() > 0);
            Assert.True(design.GetProperty("framesPeak").GetInt64() > 0);
            Assert.Equal(JsonValueKind.Object, design.GetProperty("locks").ValueKind);
        }
    }

    [Fact]
    public void ReplayHasItsLocks()
    {
        Outcome outcome = CommandLine.Run("replay", CommandLine.Example("git-repack"), "--locks=3", "-j");
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        JsonElement locks = document.RootElement.GetProperty("locks");
        JsonElement[] classes = [.. locks.GetProperty("classes").EnumerateArray()];
        Assert.Equal(["mmap", "file-map", "anon-vma-root", "rcu"], classes.Select(each => each.GetProperty("class").GetString()));
        JsonElement counted = document.RootElement.GetProperty("design").GetProperty("locks");
        Assert.Equal(counted.GetProperty("mmap-write").GetInt64(), classes[0].GetProperty("writes").GetInt64());
        Assert.Equal(counted.GetProperty("file-map-read").GetInt64(), classes[1].GetProperty("reads").GetInt64());
        Assert.Equal(3, locks.GetProperty("mostTaken").GetArrayLength());
        foreach (JsonElement one in locks.GetProperty("mostTaken").EnumerateArray())
        {
            Assert.Equal(one.GetProperty("class").GetString() == "file-map", one.TryGetProperty("path", out _));
            Assert.InRange(one.GetProperty("longestSteps").GetInt64(), 1, one.GetProperty("steps").GetInt64());
        }
    }

    [Fact]
    public void DesignsAreListed()
    {
        using JsonDocument document = JsonDocument.Parse(CommandLine.Run("designs", "-j").Output);
        Assert.Equal("verso-designs/1", document.RootElement.GetProperty("schema").GetString());
        Assert.Contains(
            document.RootElement.GetProperty("designs").EnumerateArray(),
            design => design.GetProperty("name").GetString() == "anon-vma-chain");
    }
}
