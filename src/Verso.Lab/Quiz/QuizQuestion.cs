using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>A question about a scenario, and what the engine answers.</summary>
public sealed record QuizQuestion
{
    /// <summary>What it is about; see <see cref="IQuizTopic.Name"/>.</summary>
    public string Topic { get; init; } = "";

    /// <summary>What it was made from.</summary>
    public ulong Seed { get; init; }

    /// <summary>What was drawn, by name.</summary>
    public required IReadOnlyList<(string Name, string Value)> Parameters { get; init; }

    /// <summary>What happens.</summary>
    public required Scenario Scenario { get; init; }

    /// <summary>What is asked.</summary>
    public required string Text { get; init; }

    /// <summary>How the answer is written.</summary>
    public required string Form { get; init; }

    /// <summary>The answer: words or numbers with a blank between.</summary>
    public required string Answer { get; init; }

    /// <summary>Why, in sentences of what the engine did.</summary>
    public required IReadOnlyList<string> Reason { get; init; }

    /// <summary>Whether what somebody typed is the answer, however its parts are divided.</summary>
    public bool IsRight(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        return Parts(typed).SequenceEqual(Parts(Answer), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether it is written as answers are: as many parts, numbers where numbers are asked for.</summary>
    public bool IsWellFormed(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        string[] asked = Parts(Answer);
        string[] given = Parts(typed);
        return given.Length == asked.Length
            && given.Zip(asked).All(pair => IsNumber(pair.First) == IsNumber(pair.Second));
    }

    private static bool IsNumber(string text) => text.All(char.IsAsciiDigit);

    private static string[] Parts(string text) => text.Split(
        [' ', ',', '/', ';', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
