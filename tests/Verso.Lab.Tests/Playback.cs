using System.ComponentModel;
using System.Diagnostics;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>A program of tests/Verso.Lab.Tests/Programs, compiled, recorded on this machine and replayed.</summary>
internal static class Playback
{
    private static readonly Lock s_compiling = new();
    private static readonly string s_directory = MakeDirectory();

    /// <summary>
    /// The replay by anon-vma-chain of a run that ended with status 0. Skips the test, with the reason, where nothing can
    /// be compiled for this ABI (<c>-m32</c> or <c>-m64</c>), or recorded.
    /// </summary>
    internal static ReplayResult Of(string name, string abi = "-m64")
    {
        using MemoryStream file = Record(name, abi);
        return Replay(file);
    }

    /// <summary>The recording of such a run.</summary>
    internal static MemoryStream Record(string name, string abi = "-m64")
    {
        string program = Compile(name, abi);
        if (abi == "-m32")
        {
            RequireExecutable(program);
        }

        MemoryStream file = new();
        try
        {
            using Recorder recorder = Recorder.Prepare(new RecorderOptions
            {
                Command = [program],
                Output = CommandOutput.StandardError,
                CheckpointInterval = 8,
            });
            using TraceWriter writer = new(file, recorder.Header);
            Assert.Equal(0, recorder.Run(writer).ExitStatus);
        }
        catch (RecorderUnavailableException reason)
        {
            Assert.Skip(reason.Message);
        }

        return file;
    }

    /// <summary>Skips the test where the kernel has no such programs: 32-bit ones, on guests of PVM.</summary>
    private static void RequireExecutable(string program)
    {
        const int NoExec = 8;
        try
        {
            using Process run = Process.Start(new ProcessStartInfo(program) { RedirectStandardOutput = true })!;
            _ = run.StandardOutput.ReadToEnd();
            run.WaitForExit();
        }
        catch (Win32Exception refused) when (refused.NativeErrorCode == NoExec)
        {
            Assert.Skip($"this kernel does not execute {Path.GetFileName(program)}");
        }
    }

    /// <summary>Its replay by anon-vma-chain.</summary>
    internal static ReplayResult Replay(MemoryStream file)
    {
        using MemoryStream bytes = new(file.ToArray());
        using TraceReader reader = TraceReader.Open(bytes);
        return TraceReplay.Run(reader, new ReplayOptions { Design = DesignChoice.Parse("anon-vma-chain") });
    }

    /// <summary>Every VMA and every chain of every quiescent checkpoint is the kernel's, and nothing is said to be missing.</summary>
    internal static void AssertWhole(ReplayResult result)
    {
        Assert.Equal(TraceGrade.Complete, result.Grade);
        Assert.Empty(result.Calls.Mismatches);
        FidelityScore score = result.Fidelity.Quiescent;
        Assert.NotEqual(0, score.Vmas.Total);
        Assert.Equal(score.Vmas.Total, score.Vmas.Matched);
        Assert.Equal(score.GraphVmas.Total, score.GraphVmas.Matched);
    }

    private static string Compile(string name, string abi)
    {
        string program = Path.Combine(s_directory, $"{name}{abi}");
        lock (s_compiling)
        {
            if (!File.Exists(program))
            {
                string source = Path.Combine(AppContext.BaseDirectory, "Programs", $"{name}.c");
                Assert.SkipUnless(
                    Runs("cc", "-O1", "-Wall", "-pthread", abi, "-o", program, source),
                    $"cc {abi} cannot compile; on Debian: apt install gcc gcc-multilib");
            }
        }

        return program;
    }

    private static bool Runs(string command, params string[] words)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, words) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string MakeDirectory()
    {
        string made = Directory.CreateTempSubdirectory("verso-tests-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(made, recursive: true);
        return made;
    }
}
