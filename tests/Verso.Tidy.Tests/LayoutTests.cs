using System.Text.RegularExpressions;
using Verso.Engine.ReverseMaps;

namespace Verso.Tidy.Tests;

/// <summary>Folders, references and documents hang together.</summary>
public sealed partial class LayoutTests
{
    /// <summary>A project may refer only to those on its right.</summary>
    private static readonly string[] Order =
        ["Verso.Cli", "Verso.Plots", "Verso.Reports", "Verso.Lab", "Verso.Linux", "Verso.CallHeader", "Verso.Traces", "Verso.Engine"];

    [Fact]
    public void ReferencesPointOneWay()
    {
        foreach (string file in Repository.Under(".csproj", "src"))
        {
            int self = Array.IndexOf(Order, Path.GetFileNameWithoutExtension(file));
            Assert.True(self >= 0, $"{file} has no place in the order");
            foreach (Match match in ProjectReference().Matches(Repository.Read(file)))
            {
                Assert.True(Array.IndexOf(Order, match.Groups[1].Value) > self, $"{file} refers to {match.Groups[1]}");
            }
        }
    }

    /// <summary>Verso.CallHeader runs when Verso.Linux is built, whose tests are about what it wrote.</summary>
    [Fact]
    public void EveryProjectHasItsTests()
    {
        string solution = Repository.Read("Verso.slnx");
        foreach (string name in Order.Where(name => name != "Verso.CallHeader"))
        {
            string tests = $"tests/{name}.Tests/{name}.Tests.csproj";
            Assert.Contains(tests, Repository.Files);
            Assert.Contains(tests, solution, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EveryDesignHasItsFolderItsLineAndItsPage()
    {
        string[] folders = [.. Directory.GetDirectories(Path.Combine(Repository.Root, "src/Verso.Engine/ReverseMaps"))
            .Select(folder => Path.GetFileName(folder)!)];
        Assert.Equal(folders.Length, Catalogue.Designs.Count);
        foreach (Catalogue.Entry entry in Catalogue.Designs)
        {
            string name = entry.Facts.Name;
            Assert.Contains(string.Concat(name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..])), folders);
            Assert.True(File.Exists(Path.Combine(Repository.Root, $"docs/designs/{name}.md")), $"no page for {name}");
            Assert.Contains($"({name}.md)", Repository.Read("docs/designs/README.md"));
        }
    }

    [Fact]
    public void LinksBetweenDocumentsLead()
    {
        foreach (string file in Repository.Under(".md"))
        {
            string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, file))!;
            foreach (Match match in Link().Matches(Repository.Read(file)))
            {
                string target = match.Groups[1].Value;
                Assert.True(Path.Exists(Path.Combine(folder, target)), $"{file}: {target} is not there");
            }
        }
    }

    [Fact]
    public void EveryDecisionIsListed()
    {
        string index = Repository.Read("docs/decisions/README.md");
        foreach (string file in Repository.Under(".md", "docs/decisions"))
        {
            string name = Path.GetFileName(file);
            Assert.True(name == "README.md" || index.Contains($"({name})"), $"{file} is not in the index");
        }
    }

    [GeneratedRegex(@"<ProjectReference Include=""\.\./([^/]+)/")]
    private static partial Regex ProjectReference();

    [GeneratedRegex(@"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();
}
