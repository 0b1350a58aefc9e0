using Verso.Engine.Images;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>The daemon that forks without end, of which each parent exits: what is left of its ancestors.</summary>
internal sealed class DaemonTopic : IQuizTopic
{
    private const long Page = 6;

    public string Name => "daemon";

    public string Lesson => "A fork reuses the anon_vma of an ancestor that has no VMA any more, so that chains end.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        int generations = 3 + random.Below(8);
        int stays = random.Percent(60) ? 0 : 25;
        int writes = random.Pick<int>([0, 50, 100]);
        List<string> steps = [$"map A {Page} 1 rw", $"write A {Page} 1"];
        for (int at = 0; at < generations; at++)
        {
            char parent = (char)('A' + at);
            char child = (char)(parent + 1);
            steps.Add($"fork {parent} {child}");
            if (!random.Percent(stays))
            {
                steps.Add($"exit {parent}");
            }

            if (random.Percent(writes))
            {
                steps.Add($"write {child} {Page} {at + 2}");
            }
        }

        QuizPlay play = new(steps);
        char last = (char)('A' + generations);
        long anonVmas = play.Live("anon_vma");
        VmaImage vma = play.VmaAt(last, Page);
        return new QuizQuestion
        {
            Parameters =
                [("generations", $"{generations}"), ("stay", $"{stays} %"), ("write", $"{writes} %")],
            Scenario = play.Scenario,
            Text = $"How many structs anon_vma are there at the end, and how long is the chain of {last}'s VMA?",
            Form = "two numbers",
            Answer = $"{anonVmas} {vma.Chain.Count}",
            Reason =
            [
                .. play.Mms.Select(mm => $"the chain of {mm}, newest first, by who had each as its own first: "
                    + string.Join(", ", play.VmaAt(mm, Page).Chain.Select(play.OwnerOf))),
                "an anon_vma with no VMA of its own and fewer than two children is taken over by the next fork",
            ],
        };
    }
}
