using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>How many VMAs a heap of regions becomes, by the order in which they are committed.</summary>
internal sealed class RegionsTopic : IQuizTopic
{
    private const long First = 2;

    public string Name => "regions";

    public string Lesson => "Regions of one reservation that are committed and written apart never become one VMA.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        int regions = 5 + random.Below(6);
        int left = random.Below(3);
        List<long> order = Shuffled(random, regions)[left..];
        List<string> steps = [$"map A {First} {regions} --"];
        int written = 0;
        foreach (long region in order)
        {
            steps.Add($"protect A {First + region} 1 rw");
            if (random.Percent(75))
            {
                steps.Add($"write A {First + region} {++written}");
            }
        }

        QuizPlay play = new(steps);
        int count = play.VmaCount('A');
        return new QuizQuestion
        {
            Parameters =
            [
                ("regions", $"{regions}"), ("committed", string.Join(',', order.Select(region => region + First))),
                ("written", $"{written}"),
            ],
            Scenario = play.Scenario,
            Text = "How many VMAs has A at the end?",
            Form = "a number",
            Answer = $"{count}",
            Reason = [.. play.Verdicts(), $"that leaves {count} VMAs"],
        };
    }

    private static List<long> Shuffled(SplitMix64 random, int count)
    {
        List<long> order = [.. Enumerable.Range(0, count).Select(at => (long)at)];
        for (int at = count - 1; at > 0; at--)
        {
            int other = random.Below(at + 1);
            (order[at], order[other]) = (order[other], order[at]);
        }

        return order;
    }
}
