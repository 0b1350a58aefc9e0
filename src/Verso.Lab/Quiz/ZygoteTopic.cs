using Verso.Engine;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>A zygote that warms up and forks: what stays shared.</summary>
internal sealed class ZygoteTopic : IQuizTopic
{
    private const long First = 3;

    public string Name => "zygote";

    public string Lesson => "After fork all frames are shared; each write to a shared one makes a copy, the last none.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        int pages = 3 + random.Below(4);
        int warm = 1 + random.Below(pages);
        int forks = 1 + random.Below(4);
        ForkTree tree = new(random, ForkShape.FanOut);
        List<string> steps = [$"map A {First} {pages} rw"];
        steps.AddRange(Enumerable.Range(0, warm).Select(page => $"write A {First + page} {page + 1}"));
        for (int at = 0; at < forks; at++)
        {
            steps.Add(tree.Next());
            for (int writes = random.Below(4); writes > 0; writes--)
            {
                steps.Add($"write {random.Pick(tree.Letters)} {First + random.Below(pages)} {20 + steps.Count}");
            }
        }

        QuizPlay play = new(steps);
        Dictionary<Pfn, List<string>> frames = [];
        foreach (char mm in play.Mms)
        {
            for (long page = First; page < First + pages; page++)
            {
                PageView view = play.PageAt(mm, page);
                if (view.Presence == PagePresence.Present)
                {
                    frames.TryAdd(view.Frame, []);
                    frames[view.Frame].Add($"{mm}{page}");
                }
            }
        }

        List<string>[] shared = [.. frames.Values.Where(who => who.Count > 1)];
        return new QuizQuestion
        {
            Parameters = [("pages", $"{pages}"), ("warm", $"{warm}"), ("forks", $"{forks}")],
            Scenario = play.Scenario,
            Text = "How many frames hold this memory at the end, and how many of them do more than one process map?",
            Form = "two numbers",
            Answer = $"{frames.Count} {shared.Length}",
            Reason =
            [
                .. shared.Select(who => $"one frame is {string.Join(" and ", who)} (process, page)"),
                $"{frames.Count - shared.Length} have one process alone: written after the fork, or copied from all "
                    + "others",
            ],
        };
    }
}
