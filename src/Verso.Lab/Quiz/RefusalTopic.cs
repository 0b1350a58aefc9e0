using Verso.Engine.Vmas;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Quiz;

/// <summary>Two neighbours become alike, or nearly: which test keeps them apart?</summary>
internal sealed class RefusalTopic : IQuizTopic
{
    private const long Left = 4;
    private const long Right = 7;
    private const long Away = 14;
    private const int Tries = 64;

    public string Name => "refusal";

    public string Lesson => "Two neighbours merge if flags, file, policy, name, anon_vma and page offset all agree.";

    public QuizQuestion Ask(SplitMix64 random)
    {
        for (int tries = 0; tries < Tries; tries++)
        {
            List<string> steps = Draw(random);
            QuizPlay play = new(steps);
            (int step, MergeTrial trial) = play.Trials.LastOrDefault(each =>
                each.Step == steps.Count && each.Trial.Boundary == play.Window.Address(Right)
                && each.Trial.Side != MergeSide.Bridge);
            if (step != 0)
            {
                return Asked(play, steps, trial.Verdict);
            }
        }

        throw new InvalidOperationException("no boundary was tested");
    }

    private static QuizQuestion Asked(QuizPlay play, List<string> steps, MergeVerdict verdict)
    {
        string name = QuizPlay.NameOf(verdict.First);
        IEnumerable<string> failed = Enum.GetValues<MergeTests>()
            .Where(test => test != MergeTests.None && (verdict.Failed & test) != 0).Select(QuizPlay.NameOf);
        return new QuizQuestion
        {
            Parameters = [("steps", $"{steps.Count}"), ("boundary", $"{Right}")],
            Scenario = play.Scenario,
            Text = $"The last step tests the boundary at page {Right}. Which test is the first to refuse a merge?",
            Form = "one of none, policy, flags, file, name, anon-vma, forked-chain, page-offset",
            Answer = name,
            Reason =
            [
                verdict.CanMerge ? "all tests pass: the two become one VMA"
                    : $"these fail, in the order of the kernel: {string.Join(", ", failed)}",
            ],
        };
    }

    private static List<string> Draw(SplitMix64 random)
    {
        char mm = random.Percent(40) ? 'B' : 'A';
        bool hasFile = random.Percent(15);
        List<string> steps = [hasFile ? $"file A {Left} 3 rw f 0" : $"map A {Left} 3 rw"];
        if (random.Percent(60))
        {
            steps.Add($"write A {Left + random.Below(3)} 1");
        }

        if (mm == 'B')
        {
            steps.Add("fork A B");
        }

        AddRight(random, steps, mm, hasFile);
        if (random.Percent(15))
        {
            steps.Add($"name {mm} {Left} 3 heap");
        }

        if (random.Percent(15))
        {
            steps.Add($"policy {mm} {Right} 2 1");
        }

        if (random.Percent(15))
        {
            steps.Add($"lock {mm} {Right} 2");
        }

        if (random.Percent(30))
        {
            steps.Add($"write {mm} {Left} 3");
        }

        steps.Add($"protect {mm} {Right} 2 rw");
        return steps;
    }

    /// <summary>The upper neighbour, read-only at last; made there, moved there, or of a file.</summary>
    private static void AddRight(SplitMix64 random, List<string> steps, char mm, bool hasFile)
    {
        bool isMoved = !hasFile && random.Percent(35);
        long at = isMoved ? Away : Right;
        bool isWritten = random.Percent(50);
        string access = isWritten ? "rw" : "r-";
        steps.Add(hasFile
            ? $"file {mm} {at} 2 {access} {(random.Percent(50) ? 'f' : 'g')} {2 + random.Below(2)}"
            : $"map {mm} {at} 2 {access}");
        if (isWritten)
        {
            // As it is written it would be merged with what is below: advice keeps it apart until it is read-only.
            steps.Add($"advise {mm} {at} 2 dontfork");
            steps.Add($"write {mm} {at} 2");
            steps.Add($"protect {mm} {at} 2 r-");
            steps.Add($"advise {mm} {at} 2 dofork");
        }

        if (isMoved)
        {
            steps.Add($"remap {mm} {Away} 2 2 maymove fixed {Right}");
        }
    }
}
