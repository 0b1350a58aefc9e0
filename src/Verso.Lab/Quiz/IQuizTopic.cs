using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>Something that can be asked again and again, each time otherwise.</summary>
public interface IQuizTopic
{
    /// <summary>As it is asked for.</summary>
    string Name { get; }

    /// <summary>What is learnt, in one sentence.</summary>
    string Lesson { get; }

    /// <summary>
    /// Makes a question. Everything is drawn from <paramref name="random"/>, and what is drawn never changes: a seed
    /// in a book is the same question forever.
    /// </summary>
    QuizQuestion Ask(SplitMix64 random);
}
