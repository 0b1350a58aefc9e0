namespace Verso.Engine;

/// <summary>UFFD_FEATURE_* of a userfaultfd, as far as they change what becomes of VMAs and faults.</summary>
[Flags]
public enum UserfaultFeatures : uint
{
    None = 0,

    /// <summary>A child's copies are watched too, by a context of their own.</summary>
    EventFork = 1 << 1,

    /// <summary>What mremap moves goes on being watched.</summary>
    EventRemap = 1 << 2,

    /// <summary>Instead of waiting for its monitor a fault gets SIGBUS.</summary>
    Sigbus = 1 << 7,

    /// <summary>Write protection is lifted by the kernel itself; any memory can be watched for it.</summary>
    WriteProtectAsync = 1 << 15,
}

/// <summary>UFFDIO_REGISTER_MODE_*.</summary>
[Flags]
public enum UserfaultModes : uint
{
    None = 0,
    Missing = 1,
    WriteProtect = 2,
    Minor = 4,
}

/// <summary>What a monitor does to the pages that it watches; values are the numbers of the ioctls.</summary>
public enum UserfaultAction
{
    /// <summary>Bytes given by the monitor.</summary>
    Copy = 3,
    ZeroPage = 4,

    /// <summary>Anonymous pages of another range of the address space, which loses them.</summary>
    Move = 5,
    WriteProtect = 6,

    /// <summary>The page that the file has.</summary>
    Continue = 7,
    Poison = 8,
}

/// <summary>The arguments of an ioctl that fills pages.</summary>
/// <param name="Action">Which.</param>
/// <param name="Context">The userfaultfd that is asked.</param>
/// <param name="Address">First byte address; page aligned.</param>
/// <param name="Length">Bytes, whole pages.</param>
/// <param name="Source">Of <see cref="UserfaultAction.Move"/>: where from.</param>
public readonly record struct UserfaultFill(
    UserfaultAction Action, int Context, ulong Address, ulong Length, ulong Source = 0);

/// <summary>
/// Every userfaultfd of a machine (<c>struct userfaultfd_ctx</c>), by number from 1; 0 is none.
/// </summary>
/// <remarks>
/// VMAs loaded from an image may name others, by negative numbers: nothing is known of their features.
/// </remarks>
public sealed class UserfaultTable
{
    private readonly List<UserfaultFeatures> _features = [UserfaultFeatures.None];
    private readonly List<(int Parent, int Child)> _forked = [];

    /// <summary>userfaultfd(2) and UFFDIO_API.</summary>
    public int Open(UserfaultFeatures features)
    {
        _features.Add(features);
        return _features.Count - 1;
    }

    /// <summary>What it was opened with.</summary>
    public UserfaultFeatures FeaturesOf(int context) =>
        context > 0 && context < _features.Count ? _features[context] : UserfaultFeatures.None;

    /// <summary>A fork begins: its child will have contexts of its own.</summary>
    internal void BeginFork() => _forked.Clear();

    /// <summary>dup_userfaultfd: the child's context for one of the parent's; one for all its VMAs.</summary>
    internal int ForkOf(int parent)
    {
        foreach ((int known, int child) in _forked)
        {
            if (known == parent)
            {
                return child;
            }
        }

        int fresh = Open(FeaturesOf(parent));
        _forked.Add((parent, fresh));
        return fresh;
    }
}
