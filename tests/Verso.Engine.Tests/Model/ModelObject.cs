namespace Verso.Engine.Tests.Model;

/// <summary>
/// A file or a shared-memory object: a size, and one byte a page (at <see cref="Window.ByteInPage"/>).
/// </summary>
internal sealed class ModelObject
{
    private readonly Dictionary<long, byte> _bytes = [];

    public ModelObject(long sizeBytes) => SizeBytes = sizeBytes;

    private ModelObject(ModelObject other)
        : this(other.SizeBytes) => _bytes = new Dictionary<long, byte>(other._bytes);

    public long SizeBytes { get; private set; }

    public ModelObject Clone() => new(this);

    /// <summary>Whether an access to this page is SIGBUS.</summary>
    public bool IsBeyondEnd(long page) => page * Page.Size >= SizeBytes;

    public byte Read(long page) => _bytes.GetValueOrDefault(page);

    public void Write(long page, byte value) => _bytes[page] = value;

    /// <summary>Sets the size; what lies beyond is lost, also when the file grows again.</summary>
    public void Truncate(long sizeBytes)
    {
        SizeBytes = sizeBytes;
        foreach (long page in _bytes.Keys.ToArray())
        {
            if ((page * Page.Size) + Window.ByteInPage >= sizeBytes)
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
