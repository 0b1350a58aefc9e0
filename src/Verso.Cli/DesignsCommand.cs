using System.CommandLine;
using Verso.Engine.ReverseMaps;
using Verso.Reports.Json;
using Verso.Reports.Text;

namespace Verso.Cli;

/// <summary>verso designs: the catalogue.</summary>
internal static class DesignsCommand
{
    internal static Command Create()
    {
        Option<string> format = ReplaySettings.Format("text", "json");
        Option<bool> json = ReplaySettings.Json();
        DocumentedCommand command = new(
            "designs",
            "Lists the reverse-map designs.",
            "verso designs",
            "verso designs -j | jq -r '.designs[].name'")
        {
            format, json,
        };
        command.SetAction(parsed =>
        {
            Surroundings surroundings = Surroundings.Of(parsed);
            bool asJson = ReplaySettings.FormatOf(parsed, format, json) == "json";
            string text = asJson
                ? JsonReport.Render(Catalogue.Designs)
                : CatalogueText.Render(Catalogue.Designs, surroundings.Palette);
            Pager.Write(surroundings, text, isForPeople: !asJson);
            return ExitStatus.Success;
        });
        return command;
    }
}
