using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Verso.Tidy.Tests;

/// <summary>The rules of CONTRIBUTING.md that a program can check.</summary>
public sealed partial class SourceTests
{
    private const int FileLinesMax = 500;
    private const int LineColumnsMax = 120;

    /// <summary>Tests may lay out a table of cases.</summary>
    private const int TestLineColumnsMax = 150;
    private const int MethodLinesMax = 70;

    private static IEnumerable<string> Sources => Repository.Under(".cs", "src", "tests", "bench");

    [Fact]
    public void FilesAreSmall() => Nothing(
        Sources.Concat(Repository.Under(".c", "src", "bench")).Concat(Repository.Under(".h", "src"))
            .Select(file => (file, lines: Repository.Lines(file).Length))
            .Where(entry => entry.lines > FileLinesMax)
            .Select(entry => $"{entry.file}: {entry.lines} lines"));

    [Fact]
    public void LinesAreShort() => Nothing(
        from file in Sources
        from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
        where line.text.Length > (file.StartsWith("tests/", StringComparison.Ordinal) ? TestLineColumnsMax : LineColumnsMax)
        select $"{file}:{line.number}: {line.text.Length} columns");

    [Fact]
    public void MethodsAreShort() => Nothing(
        from file in Repository.Under(".cs", "src")
        from method in CSharpSyntaxTree.ParseText(Repository.Read(file)).GetRoot().DescendantNodes()
            .OfType<BaseMethodDeclarationSyntax>()
        let body = (SyntaxNode?)method.Body ?? method.ExpressionBody
        where body is not null
        let span = body.GetLocation().GetLineSpan()
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where lines > MethodLinesMax
        select $"{file}:{span.StartLinePosition.Line + 1}: {lines} lines");

    [Fact]
    public void NothingIsLeftForLater() => Nothing(
        from file in Sources.Where(file => !file.StartsWith("tests/Verso.Tidy.Tests/", StringComparison.Ordinal))
        from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
        where Leftover().IsMatch(line.text)
        select $"{file}:{line.number}: {line.text.Trim()}");

    [Fact]
    public void TypesAreNamedForWhatTheyAre() => Nothing(
        from file in Repository.Under(".cs", "src")
        from type in CSharpSyntaxTree.ParseText(Repository.Read(file)).GetRoot().DescendantNodes()
            .OfType<BaseTypeDeclarationSyntax>()
        where VagueName().IsMatch(type.Identifier.Text)
        select $"{file}: {type.Identifier.Text}");

    [Fact]
    public void WrittenConditionsAreChecked() => Nothing(
        from file in Repository.Under(".cs", "src")
        from member in CSharpSyntaxTree.ParseText(Repository.Read(file)).GetRoot().DescendantNodes()
            .OfType<MemberDeclarationSyntax>()
        where member is BaseMethodDeclarationSyntax method && (method.Body ?? (object?)method.ExpressionBody) is not null
        where member.GetLeadingTrivia().ToFullString().Contains("Requires:", StringComparison.Ordinal)
        where !CheckedCondition().IsMatch(member.ToString())
        select $"{file}: {((member as MethodDeclarationSyntax)?.Identifier.Text ?? "constructor")} requires without checking");

    [Fact]
    public void TheEngineIsSafeAndKnowsNoClock() => Nothing(
        from file in Repository.Under(".cs", "src/Verso.Engine")
        from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
        where Impure().IsMatch(line.text) && !line.text.TrimStart().StartsWith("//", StringComparison.Ordinal)
        select $"{file}:{line.number}: {line.text.Trim()}");

    /// <summary>What is random, how a failure is repeated and what decides: said where it is read first.</summary>
    [Fact]
    public void RandomTestsSayTheirStrategy() => Nothing(
        from file in Repository.Under("Tests.cs", "tests")
        let text = Repository.Read(file)
        where RandomChoice().IsMatch(text) && !text.Contains("/// Strategy: ", StringComparison.Ordinal)
        select $"{file} is random and does not say how");

    private static void Nothing(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [GeneratedRegex(@"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedException|^\s*#region")]
    private static partial Regex Leftover();

    [GeneratedRegex(@"\bseed\+\+|RandomSeed\.First|new Random\(\w|Random random = new|SplitMix64 random = new|Check\.One|RandomVerification\.Run")]
    private static partial Regex RandomChoice();

    [GeneratedRegex("(Manager|Helper|Helpers|Util|Utils|Utility|Impl)$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"Invariant\.Require|throw |ThrowIf|this\[|World\.Mms\[|Below\(|Cut")]
    private static partial Regex CheckedCondition();

    [GeneratedRegex(@"\b(unsafe|DateTime|Stopwatch|Random\.Shared|Guid\.NewGuid|Console|Environment)\b")]
    private static partial Regex Impure();
}
