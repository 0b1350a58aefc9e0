using System.Runtime.ExceptionServices;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>A thread with a kernel stage of its own: ptrace answers only the thread that began it.</summary>
internal sealed class Worker
{
    private readonly Thread _thread;

    /// <param name="number">Which of the allowed processors it and its processes run on, from 0.</param>
    /// <param name="files">The files that scenarios name.</param>
    /// <param name="beginning">What processes have at first.</param>
    /// <param name="body">What it does.</param>
    public Worker(int number, IReadOnlyList<WindowFile> files, Beginning beginning, Action<KernelStage> body)
    {
        _thread = new Thread(() =>
        {
            try
            {
                using KernelStage stage = KernelStage.Open(number, files, beginning);
                body(stage);
            }
            catch (Exception trouble) when (trouble is not OutOfMemoryException)
            {
                Trouble = ExceptionDispatchInfo.Capture(trouble);
            }
        })
        { IsBackground = true, Name = $"kernel stage {number}" };
        _thread.Start();
    }

    /// <summary>What ended it before its time; null if nothing did.</summary>
    public ExceptionDispatchInfo? Trouble { get; private set; }

    /// <summary>Waits for its end.</summary>
    public void Join() => _thread.Join();
}
