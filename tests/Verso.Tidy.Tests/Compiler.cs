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
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }

    /// <summary>A project's sources, without what generators add, and with all that lies beside this program.</summary>
    /// <param name="project">Its folder, as <c>src/Verso.Lab</c>.</param>
    public static CSharpCompilation CompileProject(string project)
    {
        string name = Path.GetFileName(project);
        return Compile(
            Repository.Under(".cs", project).Select(file => CSharpSyntaxTree.ParseText(Repository.Read(file), path: file)),
            Directory.GetFiles(AppContext.BaseDirectory, "*.dll")
                .Where(file => IsManaged(file) && Path.GetFileNameWithoutExtension(file) != name))
            .WithAssemblyName(name);
    }

    private static bool IsManaged(string file)
    {
        using FileStream stream = File.OpenRead(file);
        using PEReader reader = new(stream);
        return reader.HasMetadata;
    }
}
