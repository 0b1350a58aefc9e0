using Verso.Engine.Images;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>What mremap does to the page offset, and so to merges.</summary>
internal sealed class MoveTopic : IQuizTopic
{
    private const long First = 2;
    private const long Neighbour = 12;

    public string Name => "mremap";

    public string Lesson => "Memory that was written keeps its page offset when it moves, and then fits nowhere else.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        int pages = 3 + random.Below(4);
        int moved = 1 + random.Below(pages);
        long from = First + random.Below(pages - moved + 1);
        int beside = random.Below(3);
        bool isWritten = random.Percent(60);
        List<string> steps = [$"map A {First} {pages} rw"];
        if (isWritten)
        {
            steps.Add($"write A {from + random.Below(moved)} 1");
        }

        if (beside > 0)
        {
            steps.Add($"map A {Neighbour} {beside} rw");
        }

        if (beside > 0 && random.Percent(40))
        {
            steps.Add($"write A {Neighbour} 2");
        }

        long to = Neighbour + beside;
        steps.Add($"remap A {from} {moved} {moved} maymove fixed {to}");
        bool isLate = random.Percent(30);
        if (isLate)
        {
            steps.Add($"write A {to} 3");
        }

        bool returns = random.Percent(35);
        if (returns)
        {
            steps.Add($"remap A {to} {moved} {moved} maymove fixed {from}");
        }

        long at = returns ? from : to;
        QuizPlay play = new(steps);
        VmaImage vma = play.VmaAt('A', at);
        long home = play.Window.PageOf((vma.Pgoff << Engine.Page.Shift) + (play.Window.Address(at) - vma.Start));
        return new QuizQuestion
        {
            Parameters =
            [
                ("pages", $"{pages}"), ("moved", $"{moved}"), ("written before", isWritten ? "yes" : "no"),
                ("and back", returns ? "yes" : "no"),
            ],
            Scenario = play.Scenario,
            Text = $"How many VMAs has A at the end, and what is the page offset of page {at}, told as the number of "
                + "the page that has this offset as long as nothing moves?",
            Form = "two numbers",
            Answer = $"{play.VmaCount('A')} {home}",
            Reason =
            [
                .. play.Verdicts(),
                vma.AnonVma == 0
                    ? "memory without an anon_vma gets the offset of its new place"
                    : $"memory with an anon_vma keeps the offset of the pages in it: page {at} is at home at {home}",
            ],
        };
    }
}
