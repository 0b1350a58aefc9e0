using Verso.Engine.Calls;

namespace Verso.Linux.Recording;

/// <summary>What a record's byte says of which system call it is about: CALL_* of call_table.h.</summary>
internal readonly record struct RecordedCall(byte Code)
{
    /// <summary>No call.</summary>
    public const byte None = 0;

    public static readonly RecordedCall Brk = Of("brk");
    public static readonly RecordedCall Mmap = Of("mmap");
    public static readonly RecordedCall ProcessMadvise = Of("process_madvise");
    public static readonly RecordedCall Prctl = Of("prctl");
    public static readonly RecordedCall Userfault = Of("userfault");
    public static readonly RecordedCall IoSetup = Of("io_setup");
    public static readonly RecordedCall IoDestroy = Of("io_destroy");

    /// <summary>Its row, and by which system call it was asked for; false if there is none of this code.</summary>
    public bool TryFind(out (CallRow Row, SystemCall Call) call)
    {
        var isKnown = Code > None && Code <= CallTable.Recorded.Count;
        call = isKnown ? CallTable.Recorded[Code - 1] : default;
        return isKnown;
    }

    /// <summary>The code of a system call.</summary>
    public static RecordedCall Of(string name)
    {
        for (var at = 0; at < CallTable.Recorded.Count; at++)
        {
            if (CallTable.Recorded[at].Call.Name == name)
            {
                return new RecordedCall((byte)(at + 1));
            }
        }

        throw new ArgumentException($"no recorded call is named {name}", nameof(name));
    }
}
