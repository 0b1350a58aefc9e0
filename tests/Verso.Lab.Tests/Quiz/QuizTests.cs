using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;
using Verso.Lab.Quiz;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests.Quiz;

/// <summary>Every answer of the engine is found in another way too: by small models that know the rules of one topic.</summary>
/// <remarks>
/// Strategy: a hundred seeds a topic, from <see cref="RandomSeed.First"/>; VERSO_SEED begins elsewhere. The model of the topic decides.
/// </remarks>
public sealed class QuizTests
{
    private const int Seeds = 100;

    public static TheoryData<string> Topics => [.. QuizTopics.All.Select(topic => topic.Name)];

    [Theory]
    [MemberData(nameof(Topics))]
    public void EveryAnswerIsConfirmed(string topic)
    {
        foreach (QuizQuestion question in Questions(topic))
        {
            string expected = topic switch
            {
                "regions" => QuizModels.Regions(question.Scenario.Ops),
                "chains" => QuizModels.Chains(question.Scenario.Ops),
                "aim7" => QuizModels.Visits(question.Scenario.Ops, Asked(question, "that ")[0], PageAsked(question)),
                "mremap" => QuizModels.Move(question.Scenario.Ops),
                "zygote" => QuizModels.Zygote(question.Scenario.Ops),
                "daemon" => QuizModels.Daemon(question.Scenario.Ops),
                "splits" => QuizModels.Splits(question.Scenario.Ops),
                "stale" => QuizModels.Author(question.Scenario.Ops, Asked(question, "frame of ")[0]),
                _ => Refusal(question),
            };
            Assert.True(expected == question.Answer, $"seed {question.Seed}: {question.Answer}, but {expected}\n{question.Scenario}");
        }
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void QuestionsVary(string topic)
    {
        QuizQuestion[] questions = [.. Questions(topic)];
        Assert.InRange(questions.Select(question => question.Scenario.ToString()).Distinct().Count(), Seeds * 6 / 10, Seeds);
        Assert.InRange(questions.Select(question => question.Answer).Distinct().Count(), topic == "stale" ? 3 : 5, Seeds);
    }

    /// <summary>Lines can be typed into a file, and any tool that reads scenarios takes them.</summary>
    [Theory]
    [MemberData(nameof(Topics))]
    public void TheSameSeedIsTheSameScenarioAndItCanBeReadAgain(string topic)
    {
        QuizQuestion[] again = [.. Questions(topic)];
        foreach ((QuizQuestion first, QuizQuestion second) in Questions(topic).Zip(again))
        {
            Assert.Equal(first.Scenario.ToString(), second.Scenario.ToString());
            Assert.Equal((first.Text, first.Answer), (second.Text, second.Answer));
            Assert.Equal(first.Scenario.ToString(), Scenario.Parse(first.Scenario.ToString()).ToString());
            Assert.InRange(first.Scenario.Ops.Count, 2, 32);
            Assert.NotEmpty(first.Reason);
        }
    }

    [Fact]
    public void ASeedAloneDrawsEveryTopic() => Assert.Equal(
        QuizTopics.All.Select(topic => topic.Name).Order(),
        Enumerable.Range(0, Seeds).Select(seed => QuizTopics.Ask((ulong)seed).Topic).Distinct().Order());

    [Theory]
    [InlineData("8 3", true)]
    [InlineData("  8,3 ", true)]
    [InlineData("8/3", true)]
    [InlineData("3 8", false)]
    [InlineData("83", false)]
    [InlineData("8", false)]
    [InlineData("", false)]
    public void AnAnswerIsReadHoweverItIsDivided(string typed, bool isRight) =>
        Assert.Equal(isRight, QuizTopics.Ask(3, Topic("aim7")).IsRight(typed));

    [Fact]
    public void AWordIsReadInAnyCase() =>
        Assert.True((QuizTopics.Ask(1, Topic("refusal")) with { Answer = "anon-vma" }).IsRight("Anon-VMA"));

    private static IQuizTopic Topic(string name) => QuizTopics.All.Single(topic => topic.Name == name);

    private static IEnumerable<QuizQuestion> Questions(string topic) => Enumerable.Range(RandomSeed.First, Seeds)
        .Select(seed => QuizTopics.Ask((ulong)seed, Topic(topic)));

    private static string Asked(QuizQuestion question, string before) =>
        question.Text[(question.Text.IndexOf(before, StringComparison.Ordinal) + before.Length)..];

    private static long PageAsked(QuizQuestion question) =>
        long.Parse(Asked(question, "page ").Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What differs between the two afterwards; none where they are one.</summary>
    private static string Refusal(QuizQuestion question)
    {
        EngineStage stage = new(Catalogue.Find("anon-vma-chain")!, question.Scenario, KernelRules.Reference);
        foreach (Op op in question.Scenario.Ops)
        {
            stage.Do(op);
        }

        ulong boundary = stage.Window.Address(7);
        IReadOnlyList<VmaImage> vmas = stage.Capture(question.Scenario.Ops[^1].Mm).Vmas;
        VmaImage lower = vmas.Single(vma => vma.Start < boundary && vma.End >= boundary);
        if (lower.End > boundary)
        {
            return "none";
        }

        VmaImage upper = vmas.Single(vma => vma.Start == boundary);
        bool isApart = lower.AnonVma != 0 && upper.AnonVma != 0 && lower.AnonVma != upper.AnonVma;
        bool isForked = (lower.AnonVma == 0 && upper.Chain.Count > 1) || (upper.AnonVma == 0 && lower.Chain.Count > 1);
        return lower.Traits.PolicyMode != upper.Traits.PolicyMode || IsPolicySet(question.Scenario.Ops) ? "policy"
            : (lower.Flags ^ upper.Flags) != VmaFlags.None ? "flags"
            : lower.File != upper.File ? "file"
            : lower.Traits.Name != upper.Traits.Name ? "name"
            : isApart ? "anon-vma"
            : isForked ? "forked-chain"
            : lower.Pgoff + ((lower.End - lower.Start) >> Page.Shift) != upper.Pgoff ? "page-offset"
            : "nothing";
    }

    /// <summary>An image does not tell the policy of a window.</summary>
    private static bool IsPolicySet(IEnumerable<Op> ops) => ops.Any(op => op.Kind == OpKind.Policy);
}
