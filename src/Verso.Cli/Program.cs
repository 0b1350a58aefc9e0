using System.CommandLine;
using Verso.Cli;

RootCommand root = new("Who maps this page, why, and what it costs to know.")
{
    RecordCommand.Create(),
    ImportCommand.Create(),
};
return root.Parse(args).Invoke();
