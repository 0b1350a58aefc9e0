using Verso.Engine;
using Verso.Linux.Graph;
using Verso.Linux.Puppets;

namespace Verso.Lab.Explain.Copies;

/// <summary>
/// Where copies of situations are made: processes of the running kernel. Only for the thread that opened it.
/// </summary>
public sealed class CopyStage : IDisposable
{
    /// <summary>Files hold more than any page that a copy maps; they are sparse.</summary>
    private const long FileBytes = 1L << 29;

    private readonly DirectoryInfo _folder;
    private readonly PuppetTheatre _theatre;

    private CopyStage(KernelRules rules)
    {
        Rules = rules;
        _folder = Directory.CreateTempSubdirectory("verso-copies-");
        try
        {
            for (int number = 1; number <= 2; number++)
            {
                using FileStream file = File.Create(PathOf(number));
                file.SetLength(FileBytes);
            }

            Graph = GraphReader.Open();
            _theatre = PuppetTheatre.Open(new TheatreOptions());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The rules that a copy is explained by.</summary>
    public KernelRules Rules { get; }

    internal GraphReader Graph { get; }

    /// <summary>Does something with a stage, on a thread of its own, and waits for its end.</summary>
    /// <param name="rules">Those of the running kernel.</param>
    /// <param name="body">What is done. Its exceptions come out here.</param>
    /// <exception cref="PuppetUnavailableException">There can be no processes that do what they are told.</exception>
    /// <exception cref="GraphUnavailableException">The kernel's graph cannot be read.</exception>
    public static T Use<T>(KernelRules rules, Func<CopyStage, T> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        T result = default!;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? trouble = null;
        Thread thread = new(() =>
        {
            try
            {
                using CopyStage stage = new(rules);
                result = body(stage);
            }
            catch (Exception caught) when (caught is not OutOfMemoryException)
            {
                trouble = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(caught);
            }
        })
        { IsBackground = true, Name = "copies" };
        thread.Start();
        thread.Join();
        trouble?.Throw();
        return result;
    }

    /// <summary>Makes a situation from nothing.</summary>
    /// <exception cref="NotCopiedException">It cannot be made here; why.</exception>
    public SituationCopy Make(Situation situation)
    {
        ArgumentNullException.ThrowIfNull(situation);
        SituationCopy copy = new(this, situation);
        try
        {
            CopyBuilder.Build(copy);
            copy.RequireSame();
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>Makes VMAs side by side, one a page.</summary>
    /// <param name="pages">What each shall be.</param>
    /// <param name="ancestry">Whether those written before a fork go through one.</param>
    /// <exception cref="NotCopiedException">They cannot be made here; why.</exception>
    public RunCopy Make(IReadOnlyList<RunPage> pages, RunAncestry ancestry)
    {
        ArgumentNullException.ThrowIfNull(pages);
        RunCopy copy = new(this, pages, ancestry);
        try
        {
            copy.Build();
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _theatre?.Dispose();
        Graph?.Dispose();
        _folder.Delete(recursive: true);
    }

    internal Puppet Start() => _theatre.Start();

    internal string PathOf(int number) => Path.Combine(_folder.FullName, $"{number}");

    internal static long SharedBytes => FileBytes;
}
