using System.Runtime.CompilerServices;

namespace Verso.Reports.Tests.Json;

/// <summary>
/// docs/json.md has every field of every document, with the type it has and the meaning its comment gives it.
/// VERSO_UPDATE_GOLDEN=1 writes the page anew; look at the diff.
/// </summary>
public sealed class JsonPageTests
{
    private const string Before = "<!-- documents begin -->\n";

    [Fact]
    public void ThePageIsWhatTheDocumentsAre()
    {
        JsonPage page = new();
        string made = page.Render();
        Assert.True(page.Unsaid.Count == 0, "no <summary> or <param> says what this is: " + string.Join(", ", page.Unsaid));
        string path = Path.Combine(Root(), "docs/json.md");
        string text = File.ReadAllText(path);
        string expected = text[..(text.IndexOf(Before, StringComparison.Ordinal) + Before.Length)] + made;
        if (Environment.GetEnvironmentVariable("VERSO_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, expected);
            return;
        }

        string[] has = text.Split('\n');
        string[] shall = expected.Split('\n');
        Assert.True(
            text == expected,
            "docs/json.md is not what src/Verso.Reports/Json says; VERSO_UPDATE_GOLDEN=1 of this test writes it. To go:\n"
            + string.Join('\n', has.Except(shall)) + "\nto come:\n" + string.Join('\n', shall.Except(has)));
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
