using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Verso.Engine;
using Verso.Engine.ReverseMaps;

namespace Verso.Tidy.Tests;

/// <summary>The code in docs/writing-a-design.md: a design, members in place of some of its own, and a program that compares it.</summary>
public sealed class DesignGuideTests
{
    private static readonly string[] _examples =
    [
        .. Repository.Read("docs/writing-a-design.md").Split("\n```csharp\n").Skip(1).Select(text => text.Split("\n```\n")[0]),
    ];

    private static string Design => _examples[0];

    [Fact]
    public void EachExampleIsTested() => Assert.Equal(3, _examples.Length);

    /// <summary>It finds every page, shared, moved, migrated or from swap.</summary>
    [Fact]
    public void TheDesignWorks()
    {
        Catalogue.Entry entry = EntryOf(Parse(Design));
        Assert.Empty(entry.Facts.Options);
        Check(entry);
    }

    [Fact]
    public void TheDesignWorksWithEachValueOfItsOption()
    {
        Catalogue.Entry entry = EntryOf(WithMembers(Design, _examples[1]));
        Catalogue.Entry variant = Assert.Single(entry.Variants(Soundness.Sound));
        Assert.Equal("family-scan:family=one", variant.Facts.Name);
        Assert.Equal([("families begun", 2)], Figures(entry));
        Assert.Equal([("families begun", 1)], Figures(variant));
        Check(entry);
        Check(variant);
    }

    [Fact]
    public void TheProgramPrintsAComparison()
    {
        Assembly program = Load(
            Compiler.Compile(
                [Parse(Design), Parse(_examples[2])],
                Directory.GetFiles(AppContext.BaseDirectory, "Verso.*.dll"))
            .WithOptions(new CSharpCompilationOptions(OutputKind.ConsoleApplication)));
        TextWriter console = Console.Out;
        using StringWriter output = new();
        try
        {
            Console.SetOut(output);
            program.EntryPoint!.Invoke(null, [new[] { Path.Combine(Repository.Root, "examples/demo.verso") }]);
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.Contains("family-scan", output.ToString());
        Assert.Contains("anon-vma-chain", output.ToString());
    }

    /// <summary>The class of a text, with these members instead of those of the same name.</summary>
    private static SyntaxTree WithMembers(string text, string members)
    {
        CompilationUnitSyntax unit = SyntaxFactory.ParseCompilationUnit(text);
        ClassDeclarationSyntax type = Assert.Single(unit.Members.OfType<ClassDeclarationSyntax>());
        ClassDeclarationSyntax given = (ClassDeclarationSyntax)SyntaxFactory.ParseMemberDeclaration($"class Given {{ {members} }}")!;
        IEnumerable<string> names = given.Members.SelectMany(NamesOf);
        MemberDeclarationSyntax[] kept = [.. type.Members.Where(member => !NamesOf(member).Intersect(names).Any())];
        return CSharpSyntaxTree.Create(unit.ReplaceNode(type, type.WithMembers([.. kept, .. given.Members])));
    }

    private static IEnumerable<string> NamesOf(MemberDeclarationSyntax member) => member switch
    {
        MethodDeclarationSyntax method => [method.Identifier.Text],
        PropertyDeclarationSyntax property => [property.Identifier.Text],
        FieldDeclarationSyntax field => field.Declaration.Variables.Select(variable => variable.Identifier.Text),
        _ => [],
    };

    private static SyntaxTree Parse(string text) =>
        CSharpSyntaxTree.ParseText(text, cancellationToken: TestContext.Current.CancellationToken);

    private static Catalogue.Entry EntryOf(SyntaxTree source)
    {
        Type design = Assert.Single(Load(Compiler.Compile([source], typeof(Machine).Assembly.Location)).GetExportedTypes());
        return (Catalogue.Entry)design.GetProperty("Entry")!.GetValue(null)!;
    }

    private static Assembly Load(CSharpCompilation compilation)
    {
        using MemoryStream image = new();
        EmitResult emitted = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return Assembly.Load(image.ToArray());
    }

    /// <summary>After two programs have begun.</summary>
    private static IEnumerable<(string Name, long Value)> Figures(Catalogue.Entry entry)
    {
        Machine machine = entry.Create(new MachineOptions());
        Assert.Equal(Errno.None, machine.CreateMm(out _));
        Assert.Equal(Errno.None, machine.CreateMm(out _));
        return machine.Figures.Select(figure => (figure.Name, figure.Value));
    }

    private static void Check(Catalogue.Entry entry)
    {
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
}
