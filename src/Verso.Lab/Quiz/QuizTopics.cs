using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>What can be asked.</summary>
public static class QuizTopics
{
    /// <summary>
    /// A seed alone draws from these. The list never changes, or seeds would mean other questions: what is added goes
    /// to <see cref="All"/>, and is asked by its name.
    /// </summary>
    private static readonly IQuizTopic[] s_drawn =
    [
        new RegionsTopic(),
        new ChainsTopic(),
        new VisitsTopic(),
        new MoveTopic(),
        new ZygoteTopic(),
        new DaemonTopic(),
        new SplitsTopic(),
        new RefusalTopic(),
        new StaleTopic(),
    ];

    /// <summary>Every topic.</summary>
    public static IReadOnlyList<IQuizTopic> All => s_drawn;

    /// <summary>Questions of a seed and of those after it.</summary>
    /// <param name="seed">That of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="topic">
    /// What they are about; null: the first seed says it of the first, the others go on in turn.
    /// </param>
    public static IEnumerable<QuizQuestion> Ask(ulong seed, int count, IQuizTopic? topic)
    {
        int first = new SplitMix64(seed).Below(s_drawn.Length);
        return Enumerable.Range(0, count).Select(at =>
            Ask(unchecked(seed + (ulong)at), topic ?? s_drawn[(first + at) % s_drawn.Length]));
    }

    /// <summary>The question of a seed.</summary>
    /// <param name="seed">Any number.</param>
    /// <param name="topic">What it is about; null: the seed says that too.</param>
    public static QuizQuestion Ask(ulong seed, IQuizTopic? topic = null)
    {
        SplitMix64 random = new(seed);
        IQuizTopic drawn = s_drawn[random.Below(s_drawn.Length)];
        IQuizTopic asked = topic ?? drawn;
        return asked.Ask(random) with { Topic = asked.Name, Seed = seed };
    }
}
