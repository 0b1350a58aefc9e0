using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Verso.Tidy.Tests;

/// <summary>Which folders of a project name what is declared in which others, by the compiler's own binding.</summary>
/// <remarks>
/// A member is where it is declared; a type that several files declare is where the file of its name is, or else the first.
/// </remarks>
internal sealed class FolderGraph
{
    /// <summary>
    /// What the compiler misses where a generator has not run: partial methods (calls of C, patterns), members of JSON contexts, what is
    /// assigned by them.
    /// </summary>
    private static readonly string[] _ofGenerators = ["CS8795", "CS0534", "CS7036", "CS0117", "CS1061", "CS0165", "CS0170", "CS8805"];

    private readonly string _project;
    private readonly Dictionary<(string From, string To), SortedSet<string>> _edges = [];

    private FolderGraph(string project) => _project = project;

    /// <summary>The folders that name something in another.</summary>
    public IEnumerable<string> Folders => _edges.Keys.SelectMany(edge => new[] { edge.From, edge.To }).Distinct().Order();

    /// <summary>Binds all sources of a project.</summary>
    /// <param name="project">Its folder, as <c>src/Verso.Engine</c>.</param>
    public static FolderGraph Of(string project)
    {
        FolderGraph graph = new(project);
        CSharpCompilation compilation = Compiler.CompileProject(project);
        Assert.DoesNotContain(
            compilation.GetDiagnostics(),
            found => found.Severity == DiagnosticSeverity.Error && !_ofGenerators.Contains(found.Id));
        foreach (SyntaxTree tree in compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0))
        {
            graph.Add(tree, compilation.GetSemanticModel(tree));
        }

        return graph;
    }

    /// <summary>What one folder names of another, as <c>file: symbol</c>.</summary>
    public IReadOnlyCollection<string> Names(string from, string to) => _edges.TryGetValue((from, to), out SortedSet<string>? names) ? names : [];

    /// <summary>Each set of two folders or more that all reach each other, in order.</summary>
    public IEnumerable<string[]> Circles()
    {
        Dictionary<string, HashSet<string>> reached = Folders.ToDictionary(folder => folder, Reached);
        HashSet<string> seen = [];
        foreach (string folder in Folders)
        {
            string[] circle = [.. Folders.Where(other => reached[folder].Contains(other) && reached[other].Contains(folder))];
            if (circle.Length > 1 && seen.Add(circle[0]))
            {
                yield return circle;
            }
        }
    }

    private HashSet<string> Reached(string from)
    {
        HashSet<string> reached = [];
        Stack<string> open = new([from]);
        while (open.TryPop(out string? next))
        {
            foreach ((string source, string target) in _edges.Keys)
            {
                if (source == next && reached.Add(target))
                {
                    open.Push(target);
                }
            }
        }

        return reached;
    }

    private void Add(SyntaxTree tree, SemanticModel model)
    {
        string from = FolderOf(tree.FilePath);
        foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
        {
            if (model.GetSymbolInfo(name).Symbol is ISymbol symbol && FileOf(symbol) is string file && FolderOf(file) is string to && to != from)
            {
                if (!_edges.TryGetValue((from, to), out SortedSet<string>? names))
                {
                    _edges[(from, to)] = names = [];
                }

                _ = names.Add($"{Path.GetFileName(tree.FilePath)}: {symbol.Name}");
            }
        }
    }

    private static string? FileOf(ISymbol symbol)
    {
        if (symbol is INamespaceSymbol or ILocalSymbol or IParameterSymbol or ITypeParameterSymbol or ILabelSymbol)
        {
            return null;
        }

        ISymbol declared = symbol.OriginalDefinition;
        string[] files = [.. declared.Locations.Where(place => place.IsInSource).Select(place => place.SourceTree!.FilePath).Order()];
        return files.FirstOrDefault(file => Path.GetFileNameWithoutExtension(file) == declared.Name) ?? files.FirstOrDefault();
    }

    private string FolderOf(string file) => Path.GetDirectoryName(Path.GetRelativePath(_project, file))!;
}
