using Verso.Engine;
using Verso.Lab.Quiz;

namespace Verso.Reports.Json;

/// <summary>One question: <c>verso quiz -j</c>; answer and reason only where they were asked for.</summary>
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
