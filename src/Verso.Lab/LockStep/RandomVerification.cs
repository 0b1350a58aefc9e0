using System.Diagnostics;
using Verso.Engine;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>What is to be verified by random scenarios.</summary>
public sealed record RandomVerificationOptions
{
    /// <summary>The first seed; every sequence has the next.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Sequences.</summary>
    public int Count { get; init; } = 100;

    /// <summary>Steps of a sequence.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Sequences at a time, each on a processor of its own.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>What the sequences are made of; where the kernel knows names, of naming too.</summary>
    public StepMix Mix { get; init; } = StepMix.Everything;

    /// <summary>Sequences that may differ before the run gives up.</summary>
    public int FailureLimit { get; init; } = 1;

    /// <summary>Which kernel the engine follows; by default the one that scenario files were written by.</summary>
    public RulesChoice Rules { get; init; } = RulesChoice.For(KernelRules.Reference.Release);
}

/// <summary>What came of it.</summary>
/// <param name="Sequences">How many were played.</param>
/// <param name="Steps">How many steps were taken and compared.</param>
/// <param name="Settled">States that agreed only when they were looked at again.</param>
/// <param name="Elapsed">Wall clock.</param>
/// <param name="Failures">Shrunk, in the order of their seeds.</param>
/// <param name="Mix">What the sequences were made of: with names where the kernel knows them.</param>
public sealed record RandomVerificationResult(
    long Sequences, long Steps, long Settled, TimeSpan Elapsed, IReadOnlyList<Failure> Failures, StepMix Mix);

/// <summary>How far a verification is; read from any thread.</summary>
public sealed class VerificationProgress
{
    private long _steps;
    private long _sequences;
    private long _settled;

    /// <summary>Steps compared.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Sequences done.</summary>
    public long Sequences => Interlocked.Read(ref _sequences);

    /// <summary>
    /// States that agreed only when they were looked at again: somebody outside held what had ended.
    /// </summary>
    public long Settled => Interlocked.Read(ref _settled);

    internal void NoteSettled() => Interlocked.Increment(ref _settled);

    internal void NoteStep() => Interlocked.Increment(ref _steps);

    internal void NoteSequence() => Interlocked.Increment(ref _sequences);
}

/// <summary>Plays random scenarios on kernel and engine.</summary>
public static class RandomVerification
{
    /// <summary>
    /// Runs until all sequences are done, too many differ, or it is cancelled. Throws
    /// <see cref="OperationCanceledException"/>, and whatever keeps <see cref="KernelStage"/> from being opened.
    /// </summary>
    public static RandomVerificationResult Run(
        RandomVerificationOptions options, VerificationProgress progress, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(progress);
        Stopwatch clock = Stopwatch.StartNew();
        List<(ulong Seed, Failure Failure)> failures = [];
        long next = 0;
        StepMix mix = options.Mix;
        int jobs = Math.Clamp(options.Jobs, 1, Environment.ProcessorCount);
        Worker[] workers =
        [
            .. Enumerable.Range(0, jobs).Select(
                number => new Worker(number, Window.Files, mix.Beginning, Play)),
        ];
        foreach (Worker worker in workers)
        {
            worker.Join();
        }

        token.ThrowIfCancellationRequested();
        if (workers.Select(worker => worker.Trouble).FirstOrDefault(trouble => trouble is not null) is { } first)
        {
            first.Throw();
        }

        return new RandomVerificationResult(
            progress.Sequences,
            progress.Steps,
            progress.Settled,
            clock.Elapsed,
            [.. failures.OrderBy(each => each.Seed).Select(each => each.Failure)],
            mix);

        void Play(KernelStage kernel)
        {
            Verifier verifier = new(kernel, options.Rules.Rules) { Token = token, Progress = progress };
            mix = kernel.Host.Names == AnonymousNames.Kept ? options.Mix.WithNames() : options.Mix;
            while (!token.IsCancellationRequested && failures.Count < options.FailureLimit)
            {
                long sequence = Interlocked.Increment(ref next) - 1;
                if (sequence >= options.Count)
                {
                    return;
                }

                ulong seed = options.Seed + (ulong)sequence;
                Failure? failure = verifier.PlayRandom(seed, options.Steps, mix);
                progress.NoteSequence();
                if (failure is not null)
                {
                    Failure small = verifier.Shrink(failure);
                    lock (failures)
                    {
                        failures.Add((seed, small));
                    }
                }
            }
        }
    }
}
