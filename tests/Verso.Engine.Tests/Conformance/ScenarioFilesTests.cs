using System.Reflection;

namespace Verso.Engine.Tests.Conformance;

/// <summary>Scenarios/*.txt: cases that once failed, and cases that a page of the documentation promises.</summary>
public sealed class ScenarioFilesTests
{
    private const string Prefix = "Scenarios.";

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string file in Files())
            {
                foreach (TheoryDataRow<string> design in DesignCases.All)
                {
                    cases.Add(file, design.Data);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void RunsOnEveryDesign(string file, string design) =>
        DesignCases.AssertRuns(DesignCases.Named(design), Scenario.Parse(Read(file)) with { IsStrict = true });

    [Fact]
    public void EveryFileSaysWhyItExists() =>
        Assert.All(Files(), file => Assert.StartsWith("#", Read(file), StringComparison.Ordinal));

    private static IEnumerable<string> Files() =>
        Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    internal static string Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
