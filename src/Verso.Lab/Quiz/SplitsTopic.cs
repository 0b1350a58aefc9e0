using Verso.Engine;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>What KSM and others do who split a VMA after it was written: many VMAs on one anon_vma.</summary>
internal sealed class SplitsTopic : IQuizTopic
{
    private const long First = 2;

    private static readonly string[] s_splitters = ["advise A {0} 1 mergeable", "protect A {0} 1 r-", "lock A {0} 1"];

    public string Name => "splits";

    public string Lesson => "Split VMAs share the anon_vma; the tree finds by page offset those that may map the page.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        int pages = 5 + random.Below(9);
        int splits = 1 + random.Below(4);
        int forks = random.Below(4);
        string splitter = random.Pick(s_splitters);
        long asked = First + random.Below(pages);
        List<string> steps = [$"map A {First} {pages} rw", $"write A {asked} 1"];
        for (int at = 0; at < splits; at++)
        {
            steps.Add(splitter.Replace("{0}", $"{First + random.Below(pages)}", StringComparison.Ordinal));
        }

        ForkTree tree = new(random, ForkShape.FanOut);
        for (int at = 0; at < forks; at++)
        {
            steps.Add(tree.Next());
        }

        QuizPlay play = new(steps);
        ulong named = play.Named('A', asked);
        int linked = play.LinkedTo(named).Count();
        WalkResult walk = play.Walk('A', asked);
        return new QuizQuestion
        {
            Parameters =
            [
                ("pages", $"{pages}"), ("changes", $"{splits} by {splitter.Split(' ')[0]}"), ("forks", $"{forks}"),
            ],
            Scenario = play.Scenario,
            Text = $"The frame of A's page {asked} names an anon_vma. How many VMAs are on its tree, and how many of "
                + "them does a walk for this frame visit?",
            Form = "two numbers",
            Answer = $"{linked} {walk.Visited}",
            Reason =
            [
                $"A has {play.VmaCount('A')} VMAs, and a split or a fork links each new one to the same anon_vma",
                $"of the {linked} the walk visits those that hold page offset {asked}: one a process",
            ],
        };
    }
}
