using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Verso.Engine;

namespace Verso.Tidy.Tests;

/// <summary>A design has the page hooks that it needs, and no others (docs/decisions/0015).</summary>
public sealed class HookTests
{
    /// <summary>The page hooks of every design, the one of the tests included.</summary>
    private static readonly Lazy<StructDeclarationSyntax[]> _designs = new(() =>
    [
        .. Repository.Under(".cs", "src/Verso.Engine/ReverseMaps")
            .Append("tests/Verso.Engine.Tests/Conformance/ToyDesign.cs")
            .SelectMany(file => CSharpSyntaxTree.ParseText(Repository.Read(file)).GetRoot().DescendantNodes())
            .OfType<StructDeclarationSyntax>()
            .Where(type => type.BaseList?.Types.Any(IsHooks) == true),
    ]);

    /// <summary>Interfaces have defaults for what a design leaves out; a design that writes one out says nothing by it.</summary>
    [Fact]
    public void NoHookOfADesignIsEmpty()
    {
        Assert.True(_designs.Value.Length > 10);
        Assert.Empty(
            from design in _designs.Value
            from hook in design.Members.OfType<MethodDeclarationSyntax>()
            where IsEmpty(hook)
            select $"{design.Identifier.Text}.{hook.Identifier.Text}");
    }

    [Theory]
    [InlineData("{ }", true)]
    [InlineData("=> Errno.None;", true)]
    [InlineData("=> default;", true)]
    [InlineData("{ return false; }", true)]
    [InlineData("=> map.Release(frame);", false)]
    public void AnEmptyHookIsSeen(string body, bool empty)
    {
        MethodDeclarationSyntax hook = (MethodDeclarationSyntax)SyntaxFactory.ParseMemberDeclaration($"void Hook() {body}")!;
        Assert.Equal(empty, IsEmpty(hook));
    }

    /// <summary>Either the page table knows where a page is, or an object does.</summary>
    [Fact]
    public void ADesignOfBothFamiliesDoesNotCompile()
    {
        const string Both = """
            using Verso.Engine;
            using Verso.Engine.PageTables;
            using Verso.Engine.ReverseMaps;
            public readonly struct Both : INamingHooks<Both>, IObjectHooks<Both>
            {
                public ReverseMap Design => throw new NotSupportedException();
                public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor) where TVisitor : struct, IWalkVisitor { }
                public Errno Reserve(VmaId vma, in PteRange range, ReserveReason reason) => Errno.None;
                public void Instantiate(Pfn frame, VmaId vma, ulong address) { }
                public void SwappedIn(Pfn frame, VmaId vma, ulong address, PageSharing sharing) { }
                public void Replace(Pfn old, Pfn fresh) { }
                public FoundPage Find(VmaId vma, ulong address) => default;
                public bool IsSole(Pfn frame, VmaId vma, ulong address) => false;
                public void SwappedOut(Pfn frame, int slot) { }
                public void Refilled(VmaId vma, ulong address, Pfn frame) { }
            }
            """;
        Assert.Contains("CS8705", Errors(Both));
        Assert.Empty(Errors(Both.Replace("INamingHooks<Both>, ", "", StringComparison.Ordinal)));
    }

    /// <summary>A design needs nothing of the engine that only the engine and its tests see.</summary>
    [Fact]
    public void ADesignCompilesInAnAssemblyOfItsOwn() =>
        Assert.Empty(Errors(Repository.Read("tests/Verso.Engine.Tests/Conformance/ToyDesign.cs")));

    private static bool IsHooks(BaseTypeSyntax type) =>
        type.Type is GenericNameSyntax name && name.Identifier.Text.EndsWith("Hooks", StringComparison.Ordinal);

    private static bool IsEmpty(MethodDeclarationSyntax hook)
    {
        ExpressionSyntax? result = hook.ExpressionBody?.Expression;
        if (hook.Body is { } body)
        {
            if (body.Statements.Count == 0)
            {
                return true;
            }

            result = body.Statements is [ReturnStatementSyntax only] ? only.Expression : null;
        }

        return result is LiteralExpressionSyntax || result?.ToString() == "Errno.None";
    }

    private static IEnumerable<string> Errors(string source) =>
        Compile(source).GetDiagnostics().Where(found => found.Severity == DiagnosticSeverity.Error).Select(found => found.Id);

    private static CSharpCompilation Compile(string source) =>
        Compiler.Compile([CSharpSyntaxTree.ParseText(source)], typeof(Machine).Assembly.Location);
}
