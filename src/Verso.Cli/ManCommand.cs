using System.CommandLine;

namespace Verso.Cli;

/// <summary>verso man: writes the man pages, for packages.</summary>
internal static class ManCommand
{
    internal static Command Create()
    {
        Argument<string> folder = new("DIRECTORY");
        Command command = new("man", "Writes man pages, of verso and each command, into a directory.") { folder };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(folder);
            OutputPath.RequireName(path);
            foreach ((string name, string text) in ManPages.Of(parsed.RootCommandResult.Command))
            {
                File.WriteAllText(Path.Combine(path, name), text);
            }

            return ExitStatus.Success;
        });
        return command;
    }
}
