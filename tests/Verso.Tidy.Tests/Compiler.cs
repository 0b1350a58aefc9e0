using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Verso.Tidy.Tests;

/// <summary>Sources bound as the build binds them.</summary>
internal static class Compiler
{
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;"
        + "global using System.Threading; global using System.Threading.Tasks;";

    /// <summary>A library of these files, with the framework and these assemblies.</summary>
    public static CSharpCompilation Compile(IEnumerable<SyntaxTree> files, params IEnumerable<string> assemblies)
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return CSharpCompilation.Create(
            "compiled",
            [.. files, CSharpSyntaxTree.ParseText(ImplicitUsings)],
            Directory.GetFiles(framework, "*.dll").Where(IsManaged).Concat(assemblies)
                .Select(file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
    }

    private static bool IsManaged(string file)
    {
        using FileStream stream = File.OpenRead(file);
        using PEReader reader = new(stream);
        return reader.HasMetadata;
    }
}
