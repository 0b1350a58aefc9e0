namespace Verso.Engine.Tests.Model;

/// <summary>
/// A file or a shared-memory object: a size in half pages, and one byte a page, which lies in the page's second half.
/// </summary>
internal sealed class ModelObject
{
    private readonly Dictionary<long, byte> _bytes = [];
    private readonly bool _isShared;
    private long _halves;

    public ModelObject(long halves, FileKind kind)
    {
        _halves = halves;
        _isShared = kind == FileKind.SharedMemory;
    }

    private ModelObject(ModelObject other)
        : this(other._halves, other._isShared ? FileKind.SharedMemory : FileKind.Regular) => _bytes = new Dictionary<long, byte>(other._bytes);

    public ModelObject Clone() => new(this);

    /// <summary>Whether an access to this page is SIGBUS.</summary>
    public bool IsBeyondEnd(long page) => page * 2 >= _halves;

    public byte Read(long page) => _bytes.GetValueOrDefault(page);

    public void Write(long page, byte value) => _bytes[page] = value;

    /// <summary>
    /// Sets the size; what lies beyond is lost, also when the file grows again. What was written beyond the end since
    /// is lost then too, but for shared memory.
    /// </summary>
    public void Truncate(long halves)
    {
        long kept = _isShared ? halves : Math.Min(halves, _halves);
        _halves = halves;
        foreach (long page in _bytes.Keys.ToArray())
        {
            if ((page * 2) + 1 >= kept)
            {
                _bytes.Remove(page);
            }
        }
    }

    public void Punch(long first, long count)
    {
        for (long page = first; page < first + count; page++)
        {
            _bytes.Remove(page);
        }
    }
}
