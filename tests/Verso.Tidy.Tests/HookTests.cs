using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Verso.Engine;
using Verso.Engine.ReverseMaps;

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

    /// <summary>The one that docs/writing-a-design.md shows finds every page, shared, moved, migrated or from swap.</summary>
    [Fact]
    public void TheDesignInTheDocumentsWorks()
    {
        string source = string.Join('\n', Repository.Lines("docs/writing-a-design.md")
            .SkipWhile(line => line != "```csharp").Skip(1).TakeWhile(line => line != "```"));
        using MemoryStream image = new();
        EmitResult emitted = Compile(source).Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        Type design = Assert.Single(Assembly.Load(image.ToArray()).GetExportedTypes());
        Catalogue.Entry entry = (Catalogue.Entry)design.GetProperty("Entry")!.GetValue(null)!;
        using IEnumerator<string?> violations = Steps(entry.Create(new MachineOptions())).GetEnumerator();
        for (int step = 0; violations.MoveNext(); step++)
        {
            Assert.True(violations.Current is null, $"step {step}: {violations.Current}");
        }
    }

    private static IEnumerable<string?> Steps(Machine machine)
    {
        const ulong Start = 0x10000000;
        const ulong Away = 0x20000000;
        Assert.Equal(Errno.None, machine.CreateMm(out MmId parent));
        machine.Mmap(parent, new MmapRequest(
            Start, 4 * Page.Size, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        machine.Fault(parent, Start, FaultAccess.Write);
        machine.Fault(parent, Start + Page.Size, FaultAccess.Write);
        yield return machine.VerifyWalks();
        Assert.Equal(Errno.None, machine.Fork(parent, out MmId child).Errno);
        machine.Fault(child, Start, FaultAccess.Write);
        yield return machine.VerifyWalks();
        machine.Mremap(child, new MremapRequest(
            Start, 2 * Page.Size, 2 * Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, Away));
        Assert.Equal((2, 2), (machine.Walk(parent, Start + Page.Size).Useful, machine.Walk(child, Away + Page.Size).Useful));
        Assert.Equal(Errno.None, machine.Migrate(parent, Start + Page.Size));
        yield return machine.VerifyWalks();
        Assert.Equal(Errno.None, machine.SwapOut(child, Away + Page.Size));
        machine.Fault(child, Away + Page.Size, FaultAccess.Read);
        yield return machine.VerifyWalks();
        machine.ReleaseMm(parent);
        machine.ReleaseMm(child);
        yield return machine.Audit();
    }

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
