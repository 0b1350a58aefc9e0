using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Verso.Reports.Json;
using Verso.Reports.Model;

namespace Verso.Reports.Tests.Json;

/// <summary>
/// What docs/json.md says of documents, made of what writes them: names, types and what may be left out are those of the
/// serializer, meanings and units the comments of the types.
/// </summary>
internal sealed partial class JsonPage
{
    /// <summary>Units that a name ends with.</summary>
    private static readonly (string Suffix, string Unit)[] s_units =
    [
        ("UnixSeconds", "s since 1970"), ("Nanoseconds", "ns"), ("Bytes", "bytes"), ("BytesPeak", "bytes"), ("Percent", "%"),
        ("Pages", "pages"), ("Pgoff", "pages"),
    ];

    private readonly Dictionary<string, XElement> _comments;
    private readonly Type[] _roots;
    private readonly List<Type> _shared = [];

    public JsonPage()
    {
        _comments = XDocument.Load(Path.ChangeExtension(typeof(JsonReport).Assembly.Location, ".xml"))
            .Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);
        _roots =
        [
            .. typeof(DocumentContext).GetCustomAttributesData().Where(each => each.AttributeType == typeof(JsonSerializableAttribute))
                .Select(each => (Type)each.ConstructorArguments[0].Value!),
        ];
        FindShared();
    }

    /// <summary>What has no comment, and so no meaning in the page.</summary>
    public List<string> Unsaid { get; } = [];

    /// <summary>A section a document, then what several of them have.</summary>
    public string Render()
    {
        StringBuilder page = new();
        foreach (Type root in _roots)
        {
            page.Append($"\n## {Comment($"P:{root.FullName}.Schema").Trim('`')}\n\n{Sentence(root)}\n\n```sh\n");
            page.AppendJoin("", _comments[$"T:{root.FullName}"].Elements("example").Select(each => each.Value + "\n"));
            page.Append("```\n\n");
            AppendTable(page, root);
        }

        page.Append("\n## Parts\n\nWhat several documents have, or one has in several places.\n");
        foreach (Type part in _shared.OrderBy(NameOf, StringComparer.Ordinal))
        {
            page.Append($"\n### {NameOf(part)}\n\n{Sentence(part)}\n\n");
            AppendTable(page, part);
        }

        return page.ToString();
    }

    private string Sentence(Type type) => Comment($"T:{type.FullName}") + ".";

    private void AppendTable(StringBuilder page, Type type)
    {
        page.Append("| field | type | unit | meaning |\n|---|---|---|---|\n");
        AppendRows(page, type, "");
    }

    private void AppendRows(StringBuilder page, Type type, string prefix)
    {
        foreach (JsonPropertyInfo field in Fields(type))
        {
            (Type value, string path) = Element(field.PropertyType, prefix + field.Name);
            string key = $"P:{type.FullName}.{char.ToUpperInvariant(field.Name[0])}{field.Name[1..]}";
            string said = _shared.Contains(value) ? $"[{NameOf(value)}](#{NameOf(value)})" : KindOf(value);
            string optional = field.IsGetNullable ? ", optional" : "";
            page.Append($"| `{path}` | {said}{optional} | {UnitOf(key, field.Name, value)} | {Comment(key)} |\n");
            if (IsObject(value) && !_shared.Contains(value))
            {
                AppendRows(page, value, path + ".");
            }
        }
    }

    /// <summary>Parts with a section of their own: those that more than one field has.</summary>
    private void FindShared()
    {
        HashSet<Type> seen = [];
        Stack<Type> open = new(_roots);
        while (open.TryPop(out Type? type))
        {
            foreach (Type part in Fields(type).Select(field => Element(field.PropertyType, "").Value).Where(IsObject))
            {
                if (seen.Add(part))
                {
                    open.Push(part);
                }
                else if (!_shared.Contains(part))
                {
                    _shared.Add(part);
                }
            }
        }
    }

    private static IEnumerable<JsonPropertyInfo> Fields(Type type) => DocumentContext.Default.GetTypeInfo(type)!.Properties;

    private static bool IsObject(Type type) => DocumentContext.Default.GetTypeInfo(type)?.Kind == JsonTypeInfoKind.Object;

    /// <summary>What is in lists and dictionaries, <c>[]</c> and <c>.*</c>.</summary>
    private static (Type Value, string Path) Element(Type type, string path)
    {
        Type known = Nullable.GetUnderlyingType(type) ?? type;
        return DocumentContext.Default.GetTypeInfo(known)!.Kind switch
        {
            JsonTypeInfoKind.Enumerable => Element(known.GetGenericArguments()[0], path + "[]"),
            JsonTypeInfoKind.Dictionary => Element(known.GetGenericArguments()[1], path + ".*"),
            _ => (known, path),
        };
    }

    private static string KindOf(Type type) => type == typeof(string) ? "text"
        : type == typeof(bool) ? "boolean"
        : type == typeof(double) ? "number"
        : type == typeof(int) || type == typeof(long) || type == typeof(ulong) ? "integer"
        : type == typeof(Cell) ? "text, number or null"
        : IsObject(type) ? "object"
        : throw new ArgumentOutOfRangeException(nameof(type), type, "has no name in docs/json.md");

    private static string NameOf(Type type) =>
        Capital().Replace(type.Name.Replace("Document", "", StringComparison.Ordinal), "-$0").ToLowerInvariant();

    private string UnitOf(string key, string name, Type value)
    {
        if (_comments.GetValueOrDefault(key)?.Descendants("unit").FirstOrDefault() is XElement unit)
        {
            return unit.Value;
        }

        bool isNumber = KindOf(value) is "integer" or "number";
        return isNumber ? s_units.FirstOrDefault(each => name.EndsWith(each.Suffix, StringComparison.OrdinalIgnoreCase)).Unit ?? "" : "";
    }

    /// <summary>The summary on one line, without its last point.</summary>
    private string Comment(string key)
    {
        if (_comments.GetValueOrDefault(key)?.Element("summary") is not XElement summary)
        {
            Unsaid.Add(key[2..]);
            return "";
        }

        string text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } link => $"[{link.Value}]({link.Attribute("href")!.Value})",
            XElement { Name.LocalName: "unit" } => "",
            XText words => words.Value,
            _ => throw new FormatException($"{key}: {node} has no form in docs/json.md"),
        }));
        text = Blanks().Replace(text, " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
        return text.EndsWith('.') && !text.EndsWith("...", StringComparison.Ordinal) ? text[..^1] : text;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex Capital();
}
