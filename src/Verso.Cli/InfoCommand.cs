using System.CommandLine;
using Verso.Lab.Comparison;
using Verso.Reports.Json;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>verso info: what is in a trace.</summary>
internal static class InfoCommand
{
    internal static Command Create()
    {
        Argument<string> trace = new("TRACE") { Description = "a trace file; - for stdin" };
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "info",
            "Reads a trace through and shows where it comes from, its grade, and its events by kind.",
            "verso info make.verso",
            "verso info make.verso -j | jq .grade")
        {
            trace, format, json,
        };
        command.SetAction(parsed =>
        {
            Surroundings surroundings = Surroundings.Of(parsed);
            bool asJson = ReplaySettings.FormatOf(parsed, format, json) == "json";
            string name = parsed.GetRequiredValue(trace);
            using TraceInput input = TraceInput.Open(name);
            TraceSummary summary = TraceSummary.Of(input);
            string text = asJson
                ? JsonReport.Render(name, summary)
                : TraceText.Info(name, summary, surroundings.Palette);
            Pager.Write(surroundings, text, isForPeople: !asJson);
            return ExitStatus.Success;
        });
        return command;
    }
}
