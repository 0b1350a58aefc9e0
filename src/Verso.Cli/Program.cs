using Verso.Cli;
using Verso.Linux;

DescriptorStream.SurviveFileLimit();
Console.SetOut(DescriptorStream.Output.ToWriter());
Console.SetError(DescriptorStream.Error.ToWriter());
AppDomain.CurrentDomain.UnhandledException += (_, end) =>
    Environment.Exit(VersoCommandLine.Fail((Exception)end.ExceptionObject, Console.Error));
return VersoCommandLine.Run(args, Console.Out, Console.Error);
