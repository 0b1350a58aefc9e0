using Verso.Cli;

return VersoCommandLine.Run(args, Console.Out, Console.Error);
