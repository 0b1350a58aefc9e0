using System.Runtime.InteropServices;
using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>
/// A System V segment that any process may attach by its number (shmat) and that ends with the last that has it: it is
/// marked to be removed at once, and only this process's own attachment keeps it.
/// </summary>
public sealed class SharedSegment : IDisposable
{
    private const int Private = 0;
    private const int OwnerMayReadAndWrite = 0x180;
    private const int Create = 0x200;
    private const int Remove = 0;

    private nint _address;

    private SharedSegment(int id, nint address)
    {
        Id = id;
        _address = address;
    }

    /// <summary>Its number, for shmat.</summary>
    public int Id { get; }

    /// <summary>A segment of so many bytes, all 0. Throws <see cref="IOException"/>.</summary>
    public static SharedSegment Make(ulong bytes)
    {
        int id = Libc.MakeSegment(Private, (nuint)bytes, Create | OwnerMayReadAndWrite);
        if (id < 0)
        {
            throw Refused();
        }

        nint address = Libc.AttachSegment(id, 0, 0);
        IOException? refused = address == -1 ? Refused() : null;
        _ = Libc.ControlSegment(id, Remove, 0);
        return refused is null ? new SharedSegment(id, address) : throw refused;
    }

    public void Dispose()
    {
        if (_address != 0)
        {
            _ = Libc.DetachSegment(_address);
            _address = 0;
        }
    }

    private static IOException Refused() => new(
        $"cannot create a shared memory segment: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
