using Verso.Lab.Words;
using Verso.Traces;

namespace Verso.Reports.Text;

/// <summary>The grade of a trace in words.</summary>
public static class GradeText
{
    /// <summary><c>complete</c>, or what the trace lacks: <c>no-faults, lost-events</c>.</summary>
    public static string Of(TraceGrade grade) => grade == TraceGrade.Complete
        ? "complete"
        : string.Join(", ", grade.ToString().Split(", ").Select(Kebab.Of));

    /// <summary>What each lack means for the figures.</summary>
    public static IReadOnlyList<string> Explain(TraceGrade grade)
    {
        List<string> lines = [];
        AddIf(TraceGrade.NoFaults, "no page faults recorded: page state, copy-on-write and walks are unknown");
        AddIf(TraceGrade.NoInitialLayout, "some address spaces begin empty: their initial layout is not recorded");
        AddIf(TraceGrade.LostEvents, "events were lost: figures are too low and later state may differ");
        AddIf(TraceGrade.NoCheckpoints, "no checkpoints: how well the replay matches the kernel is unknown");
        AddIf(TraceGrade.NotFollowed, "some changes of VMAs are not followed: the replay lacks them");
        AddIf(TraceGrade.Truncated, "the file is truncated: figures cover its readable part");
        AddIf(TraceGrade.Unfinished, "the recording ended before its programs: later calls are missing");
        return lines;

        void AddIf(TraceGrade lack, string line)
        {
            if ((grade & lack) != 0)
            {
                lines.Add(line);
            }
        }
    }
}
