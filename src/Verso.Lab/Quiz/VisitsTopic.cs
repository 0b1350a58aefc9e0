using Verso.Engine;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>AIM7 in small: whom a walk visits when children have been forked, and some have written.</summary>
internal sealed class VisitsTopic : IQuizTopic
{
    private const long First = 4;

    public string Name => "aim7";

    public string Lesson => "A walk looks at every VMA that may map a page: who has a copy is visited in vain.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        ForkTree tree = new(random, random.Percent(60) ? ForkShape.FanOut : ForkShape.Mixed);
        int pages = 1 + random.Below(3);
        int forks = 2 + random.Below(6);
        List<string> steps = [$"map A {First} {pages} rw"];
        steps.AddRange(Enumerable.Range(0, pages).Select(page => $"write A {First + page} {page + 1}"));
        int writes = 0;
        for (int at = 0; at < forks; at++)
        {
            steps.Add(tree.Next());
            if (random.Percent(50))
            {
                steps.Add($"write {random.Pick(tree.Letters)} {First + random.Below(pages)} {10 + ++writes}");
            }
        }

        char asked = random.Pick(tree.Letters);
        long page = First + random.Below(pages);
        QuizPlay play = new(steps);
        WalkResult walk = play.Walk(asked, page);
        ulong named = play.Named(asked, page);
        return new QuizQuestion
        {
            Parameters = [("shape", tree.Name), ("pages", $"{pages}"), ("forks", $"{forks}"), ("writes", $"{writes}")],
            Scenario = play.Scenario,
            Text = $"A walk starts from the frame that {asked} has at page {page}. How many VMAs does it visit, and "
                + "how many of them map the frame?",
            Form = "two numbers",
            Answer = $"{walk.Visited} {walk.Useful}",
            Reason =
            [
                $"the frame names an anon_vma that was {play.OwnerOf(named)}'s first; on its tree are VMAs of "
                    + QuizPlay.Join(play.LinkedTo(named)),
                $"{QuizPlay.Join(play.Mapping(asked, page))} {(walk.Useful == 1 ? "maps" : "map")} the frame; who "
                    + "wrote the page while it was shared has a copy",
            ],
        };
    }
}
