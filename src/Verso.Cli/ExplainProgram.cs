using System.Globalization;
using Verso.Lab.Explain;
using Verso.Linux.Counting;
using Verso.Linux.Graph;
using Verso.Linux.Proc;
using Verso.Reports.Text;
using Verso.Traces.Snapshots;

namespace Verso.Cli;

/// <summary>verso explain -- COMMAND: a program at its fullest, and at its end if it is another there.</summary>
internal static class ExplainProgram
{
    internal static int Run(
        Surroundings surroundings,
        IReadOnlyList<string> command,
        string source,
        Func<SpaceExplanation, string> render,
        bool isJson)
    {
        using GraphReader? reader = ExplainCommand.OpenReader(surroundings, source);
        ProgramRun<Source> run = reader is null
            ? new(new ProcVmaCounter(), ReadProc)
            : new(new KernelVmaCounter(reader), pid => ReadKernel(reader, pid));
        int status = run.Run(command);
        if (run.Fullest is not { } fullest)
        {
            throw new ProcessSelectionException(
                $"{command[0]} ended (status {status}) before it could be read; 'verso record' misses nothing");
        }

        string all = Shown(fullest, "at its fullest", More(run, fullest));
        if (run.Last is { } last && last.Count.Vmas < fullest.Count.Vmas)
        {
            all += "\n" + Shown(last, "at its end", Before(run.Seen - last.At));
        }

        Pager.Write(surroundings, all, isForPeople: !isJson);
        if (status != ExitStatus.Success)
        {
            surroundings.Say($"verso explain: {Printable.Of(command[0])} ended with status {status}\n");
        }

        return status;

        string Shown(ProgramReading<Source> reading, string when, string note)
        {
            string text = render(reading.Reading.Explain(reading.Count.Pid));
            string head = string.Create(
                CultureInfo.InvariantCulture, $"{when}, {reading.At.TotalSeconds:F2} s after it began{note}:\n");
            return isJson ? text : head + text;
        }
    }

    // One that grew and died between two looks had more than what was read.
    private static string More(ProgramRun<Source> run, ProgramReading<Source> fullest) =>
        run.MostCounted <= fullest.Reading.Vmas ? ""
        : $" (later it had {Figures.Count(run.MostCounted)} VMAs, which were not read)";

    private static string Before(TimeSpan left) => left < TimeSpan.FromMilliseconds(200) ? "" : string.Create(
        CultureInfo.InvariantCulture, $" and {left.TotalSeconds:F2} s before it was seen last");

    private static Source? ReadKernel(GraphReader reader, int pid)
    {
        try
        {
            return new Source(
                SnapshotTaker.Take(reader, ProcessSelection.OfPids([pid]), SnapshotDetail.Graph), null);
        }
        catch (ProcessSelectionException)
        {
            return null;
        }
    }

    private static Source? ReadProc(int pid)
    {
        try
        {
            return new Source(null, ProcSpaceReader.Read(pid, attempts: 1));
        }
        catch (ProcessSelectionException)
        {
            return null;
        }
    }

    /// <summary>A reading from the kernel, or from /proc.</summary>
    private sealed record Source(Snapshot? Snapshot, ProcSpace? Space)
    {
        internal int Vmas => Snapshot is { } snapshot
            ? snapshot.Processes[0].Image.Vmas.Count
            : Space!.Process.Image.Vmas.Count;

        internal SpaceExplanation Explain(int pid) =>
            Snapshot is { } snapshot ? ExplainCommand.Explain(snapshot, pid) : ExplainCommand.Explain(Space!);
    }
}
