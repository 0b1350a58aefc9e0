using Verso.Engine;
using Verso.Lab.Quiz;

namespace Verso.Reports.Json;

/// <summary><c>verso quiz -j</c>, a document a question.</summary>
/// <example>verso quiz --seed 7 -j --solve</example>
/// <param name="Schema"><c>verso-quiz/1</c></param>
/// <param name="Topic">What it is about: as <c>--topic</c> takes it.</param>
/// <param name="Seed">The same topic and seed give the same question.</param>
/// <param name="Rules">The kernel whose rules the engine went by.</param>
/// <param name="Parameters">What was drawn, by name.</param>
/// <param name="Scenario">The steps, a line each, as <c>verso step</c> reads them.</param>
/// <param name="Question">What is asked.</param>
/// <param name="Form">How the answer is written.</param>
/// <param name="Answer">Words or numbers with a blank between; with <c>--solve</c> only.</param>
/// <param name="Reason">Why, in sentences; with <c>--solve</c> only.</param>
public sealed record QuizDocument(
    string Schema,
    string Topic,
    ulong Seed,
    string Rules,
    IReadOnlyDictionary<string, string> Parameters,
    string Scenario,
    string Question,
    string Form,
    string? Answer,
    IReadOnlyList<string>? Reason);

/// <summary>Questions turned into documents.</summary>
internal static class QuizDocuments
{
    public static QuizDocument Of(QuizQuestion question, bool isSolved) => new(
        "verso-quiz/1",
        question.Topic,
        question.Seed,
        KernelRules.Reference.Release,
        question.Parameters.ToDictionary(each => each.Name, each => each.Value),
        question.Scenario.ToString(),
        question.Text,
        question.Form,
        isSolved ? question.Answer : null,
        isSolved ? question.Reason : null);
}
