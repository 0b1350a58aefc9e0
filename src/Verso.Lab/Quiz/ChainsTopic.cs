using Verso.Engine.Images;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>What forks cost in anon_vma_chains: a chain of them against a fan.</summary>
internal sealed class ChainsTopic : IQuizTopic
{
    private const long Written = 4;
    private const long Late = 8;

    public string Name => "chains";

    public string Lesson => "A chain of forks costs anon_vma_chains by the square of its length, a fan two a child.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        ForkTree tree = new(random, (ForkShape)random.Below(3));
        int forks = 2 + random.Below(5);
        List<string> steps = [$"map A {Written} 2 rw", $"write A {Written} 1"];
        bool hasLate = random.Percent(50);
        if (hasLate)
        {
            steps.Add($"map A {Late} 2 rw");
        }

        for (int at = 0; at < forks; at++)
        {
            steps.Add(tree.Next());
            if (random.Percent(40))
            {
                long page = hasLate && random.Percent(50) ? Late : Written;
                steps.Add($"write {random.Pick(tree.Letters)} {page} {at + 2}");
            }
        }

        QuizPlay play = new(steps);
        long chains = play.Live("anon_vma_chain");
        return new QuizQuestion
        {
            Parameters = [("shape", tree.Name), ("forks", $"{forks}"), ("second VMA", hasLate ? "yes" : "no")],
            Scenario = play.Scenario,
            Text = "How many structs anon_vma_chain are there at the end, in all processes together?",
            Form = "a number",
            Answer = $"{chains}",
            Reason =
            [
                .. play.Mms.Select(mm => $"{mm} has {Lengths(play.Capture(mm))} on the chains of its VMAs"),
                "fork copies the chain of each VMA that has one, and adds one for the child's own anon_vma",
            ],
        };
    }

    private static string Lengths(MmImage image) =>
        string.Join(" and ", image.Vmas.Select(vma => vma.Chain.Count));
}
