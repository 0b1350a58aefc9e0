using System.Diagnostics;
using Verso.Engine.Images;
using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Linux.Tests;

/// <summary>A program that was recorded: its output, its events, what the recorder says of itself.</summary>
internal sealed record RecordedProgram(
    string Output, IReadOnlyList<TraceEvent> Events, RecordingOutcome Outcome)
{
    private static readonly Lock s_compiling = new();
    private static readonly string s_directory = MakeDirectory();

    private static readonly Lazy<bool> s_hasCompiler = new(() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':').Any(directory => File.Exists(Path.Combine(directory, "clang"))));

    internal IEnumerable<TraceEvent> Of(TraceEventKind kind) => Events.Where(e => e.Kind == kind);

    internal IEnumerable<(TraceEvent Event, MmImage Image)> Images() =>
        Events.Where(e => e.Payload is MmImage).Select(e => (e, (MmImage)e.Payload!));

    /// <summary>Skips the test, with the reason, where nothing can be recorded.</summary>
    internal static void RequireRecorder()
    {
        try
        {
            using var recorder = Recorder.Prepare(new RecorderOptions { Command = ["/bin/true"] });
        }
        catch (RecorderUnavailableException reason)
        {
            Assert.Skip(reason.Message);
        }
    }

    /// <summary>
    /// Compiles Programs/NAME.c once; skips the test where there is nothing to compile or record with.
    /// </summary>
    internal static string Compile(string name)
    {
        RequireRecorder();
        return CompileFor(name);
    }

    /// <summary>The same for tests that record nothing.</summary>
    internal static string CompileFor(string name)
    {
        Assert.SkipUnless(s_hasCompiler.Value, "clang is missing");
        var program = Path.Combine(s_directory, name);
        lock (s_compiling)
        {
            if (!File.Exists(program))
            {
                var source = Path.Combine(AppContext.BaseDirectory, "Programs", $"{name}.c");
                using var compiler = Process.Start("clang", ["-O1", "-Wall", "-pthread", "-o", program, source]);
                compiler.WaitForExit();
                Assert.Equal(0, compiler.ExitCode);
            }
        }

        return program;
    }

    // Every test of the run may want what another compiled: it goes with the process.
    private static string MakeDirectory()
    {
        var made = Directory.CreateTempSubdirectory("verso-tests-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(made, recursive: true);
        return made;
    }

    /// <summary>Records a command whose output goes to a file, through a shell that is replaced by it.</summary>
    internal static RecordedProgram Record(params string[] command) =>
        Record(new RecorderOptions { Command = command });

    internal static RecordedProgram Record(RecorderOptions options)
    {
        var sink = new CheckingSink();
        var (output, outcome) = Record(options, sink);
        return new RecordedProgram(output, sink.Events, outcome);
    }

    internal static (string Output, RecordingOutcome Outcome) Record(RecorderOptions options, ITraceSink sink)
    {
        RequireRecorder();
        var output = Path.GetTempFileName();
        string[] shell = ["/bin/sh", "-c", "file=$1; shift; exec \"$@\" > \"$file\"", "sh", output];
        options = options with { Command = [.. shell, .. options.Command] };
        using var recorder = Recorder.Prepare(options);
        var outcome = recorder.Run(sink);
        var text = File.ReadAllText(output);
        File.Delete(output);
        return (text, outcome);
    }
}
