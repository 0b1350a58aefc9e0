using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Verso.Cli.Tests;

/// <summary>
/// What the examples of docs/json.md print has the fields, and the types, that the page says; nothing else, and nothing is
/// missing but what is optional.
/// </summary>
public sealed partial class JsonPageTests
{
    private static readonly Lazy<Dictionary<string, List<Field>>> s_fields = new(ReadFields);

    /// <summary>Each with the document that it prints; of live processes none.</summary>
    public static TheoryData<string, string> Examples
    {
        get
        {
            TheoryData<string, string> examples = [];
            string document = "";
            foreach (string line in Page())
            {
                document = line.StartsWith("## ", StringComparison.Ordinal) ? line[3..] : document;
                if (line.StartsWith("verso ", StringComparison.Ordinal))
                {
                    examples.Add(line, document);
                }
            }

            return examples;
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void AnExamplePrintsWhatThePageSays(string command, string document)
    {
        string folder = Directory.CreateTempSubdirectory("verso-json-").FullName;
        IEnumerable<string> words = command.Split(' ').Skip(1)
            .Select(word => FileOfRepository().IsMatch(word) ? Path.Combine(CommandLine.Root, word) : word);
        Outcome outcome = CommandLine.Run(new ProcessStartInfo(CommandLine.Program, words) { WorkingDirectory = folder });
        Directory.Delete(folder, recursive: true);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        foreach (JsonElement root in Documents(outcome.Output))
        {
            Assert.Equal(document, root.GetProperty("schema").GetString());
            Check(root, document, "");
        }
    }

    /// <summary>Documents of live processes are read by root, or wait: nobody runs them here.</summary>
    [Fact]
    public void EveryDocumentHasAnExample()
    {
        string[] documents = [.. Page().Where(line => line.StartsWith("## verso-", StringComparison.Ordinal)).Select(line => line[3..])];
        string[] shown = [.. Examples.Select(each => each.Data.Item2).Distinct()];
        Assert.Equal(["verso-verify/1", "verso-watch/1"], documents.Except(shown).Order());
        Assert.True(documents.Length >= 15);
    }

    private static void Check(JsonElement element, string section, string prefix)
    {
        List<Field> fields = [.. s_fields.Value[section].Where(field => field.Parent == prefix)];
        HashSet<string> seen = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            Field? field = fields.Find(each => each.Name == property.Name);
            Assert.True(field is not null, $"docs/json.md, {section}, has no `{prefix}{property.Name}`");
            Assert.True(seen.Add(property.Name));
            CheckValue(property.Value, section, field, field.Levels);
        }

        Assert.All(fields, field => Assert.True(
            field.IsOptional || seen.Contains(field.Name), $"{section}: `{field.Path}` is left out and not said to be optional"));
    }

    private static void CheckValue(JsonElement value, string section, Field field, string levels)
    {
        if (levels.StartsWith("[]", StringComparison.Ordinal))
        {
            Assert.All(value.EnumerateArray(), each => CheckValue(each, section, field, levels[2..]));
        }
        else if (levels.StartsWith(".*", StringComparison.Ordinal))
        {
            Assert.All(value.EnumerateObject(), each => CheckValue(each.Value, section, field, levels[2..]));
        }
        else if (Link().Match(field.Type) is { Success: true } link)
        {
            Check(value, link.Groups[1].Value, "");
        }
        else if (field.Type == "object")
        {
            Check(value, section, field.Path + ".");
        }
        else
        {
            Assert.True(IsOf(field.Type, value), $"{section}: `{field.Path}` is no {field.Type}: {value.GetRawText()}");
        }
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "text" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && (value.TryGetInt64(out _) || value.TryGetUInt64(out _)),
        "number" => value.ValueKind == JsonValueKind.Number,
        "text, number or null" => value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.Null,
        _ => false,
    };

    private static List<JsonElement> Documents(string output)
    {
        Utf8JsonReader reader = new(Encoding.UTF8.GetBytes(output), new JsonReaderOptions { AllowMultipleValues = true });
        List<JsonElement> documents = [];
        while (reader.Read())
        {
            documents.Add(JsonElement.ParseValue(ref reader));
        }

        Assert.NotEmpty(documents);
        return documents;
    }

    private static Dictionary<string, List<Field>> ReadFields()
    {
        Dictionary<string, List<Field>> sections = [];
        List<Field> at = [];
        foreach (string line in Page())
        {
            if (Heading().Match(line) is { Success: true } heading)
            {
                sections.Add(heading.Groups[1].Value, at = []);
            }
            else if (Row().Match(line) is { Success: true } row)
            {
                string[] cells = [.. row.Groups.Values.Skip(1).Select(cell => cell.Value)];
                at.Add(new Field(cells[0] + cells[1] + cells[2], cells[0], cells[1], cells[2], cells[3], cells[4].Length > 0));
            }
        }

        return sections;
    }

    private static string[] Page() => File.ReadAllLines(Path.Combine(CommandLine.Root, "docs/json.md"));

    [GeneratedRegex("^(examples|scenarios)/")]
    private static partial Regex FileOfRepository();

    [GeneratedRegex("^##+ (.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| `((?:[^`]*\.)?)(\w+)((?:\[\]|\.\*)*)` \| (.+?)(, optional)? \|")]
    private static partial Regex Row();

    [GeneratedRegex(@"^\[([\w-]+)\]\(#\1\)$")]
    private static partial Regex Link();

    /// <summary>A row of a table.</summary>
    /// <param name="Path">As it stands there.</param>
    /// <param name="Parent">What is before the name.</param>
    /// <param name="Name">The name.</param>
    /// <param name="Levels">The lists and objects around each value.</param>
    /// <param name="Type">Of each value.</param>
    /// <param name="IsOptional">Whether it may be left out.</param>
    private sealed record Field(string Path, string Parent, string Name, string Levels, string Type, bool IsOptional);
}
