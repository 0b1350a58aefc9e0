using System.Globalization;

namespace Verso.Linux.Counting;

/// <summary>
/// A process and its descendants, as /proc tells children: who was seen once stays in it when its parent ends. Who is
/// forked and loses its parent between two looks is not found.
/// </summary>
/// <param name="root">The first of them.</param>
public sealed class ProcessTree(int root)
{
    private readonly HashSet<int> _members = [root];

    /// <summary>Those that lived at the last look.</summary>
    public IReadOnlyCollection<int> Members => _members;

    /// <summary>Looks again.</summary>
    public void Update()
    {
        Queue<int> toAsk = new(_members);
        while (toAsk.TryDequeue(out var pid))
        {
            if (!AddChildren(pid, toAsk))
            {
                _ = _members.Remove(pid);
            }
        }
    }

    // False if it has ended. A child belongs to the thread that forked it.
    private bool AddChildren(int pid, Queue<int> found)
    {
        var folder = $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}";
        try
        {
            foreach (var task in Directory.EnumerateDirectories($"{folder}/task"))
            {
                var children = File.ReadAllText($"{task}/children");
                foreach (var word in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    if (int.TryParse(word, CultureInfo.InvariantCulture, out var child) && _members.Add(child))
                    {
                        found.Enqueue(child);
                    }
                }
            }

            return true;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return Directory.Exists(folder);
        }
    }
}
