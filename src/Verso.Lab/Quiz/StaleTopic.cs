using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>Whose anon_vma a page names: in 2010 a reused page went on naming one that could go.</summary>
internal sealed class StaleTopic : IQuizTopic
{
    private const long First = 4;

    public string Name => "stale";

    public string Lesson => "A page names the anon_vma of who made it, until its last owner writes to it again.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        ForkTree tree = new(random, random.Percent(50) ? ForkShape.Chain : ForkShape.Mixed);
        int forks = 1 + random.Below(3);
        List<string> steps = [$"map A {First} 1 rw", $"write A {First} 1"];
        for (int at = 0; at < forks; at++)
        {
            steps.Add(tree.Next());
            if (random.Percent(40))
            {
                steps.Add($"write {random.Pick(tree.Letters)} {First} {steps.Count}");
            }
        }

        List<char> alive = [.. tree.Letters];
        for (int exits = 1 + random.Below(forks); exits > 0; exits--)
        {
            char gone = random.Pick(alive);
            alive.Remove(gone);
            steps.Add($"exit {gone}");
            if (random.Percent(50))
            {
                steps.Add($"write {random.Pick(alive)} {First} {steps.Count}");
            }
        }

        char asked = random.Pick(alive);
        QuizPlay play = new(steps);
        ulong named = play.Named(asked, First);
        char owner = play.OwnerOf(named);
        char[] mapping = [.. play.Mapping(asked, First)];
        return new QuizQuestion
        {
            Parameters = [("shape", tree.Name), ("forks", $"{forks}"), ("left", QuizPlay.Join(alive))],
            Scenario = play.Scenario,
            Text = $"Whose anon_vma does the frame of {asked}'s page {First} name at the end?",
            Form = "a letter",
            Answer = $"{owner}",
            Reason =
            [
                $"the chain of {asked}, newest first, by who had each as its own first: "
                    + string.Join(", ", play.VmaAt(asked, First).Chain.Select(play.OwnerOf)),
                owner == asked
                    ? $"{asked} made this frame, or was the last that mapped it when it wrote to it, and took it over"
                    : $"{owner} made this frame, and {asked} has not written to it since it was the last that maps it",
                $"{QuizPlay.Join(mapping)} {(mapping.Length == 1 ? "maps" : "map")} it",
            ],
        };
    }
}
