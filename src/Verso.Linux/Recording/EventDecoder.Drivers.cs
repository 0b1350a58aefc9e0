using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Linux.Interop;

namespace Verso.Linux.Recording;

// Mappings whose driver sets flags of its own: that is a fact, told before the call that it is about.
internal sealed unsafe partial class EventDecoder
{
    private const VmaFlags SetByDrivers = VmaFlags.Io | VmaFlags.PfnMap | VmaFlags.MixedMap | VmaFlags.DontCopy
        | VmaFlags.DontExpand | VmaFlags.DontDump | VmaFlags.WipeOnFork;

    private static bool MapsFile(in CallRecord record) => CallOf(record.Head) == RecordedCall.IoSetup
        || (CallOf(record.Head) == RecordedCall.Mmap && ((MapFlags)record.Arg3 & MapFlags.Anonymous) == 0);

    // The place before the call's is used, or there is no event at it.
    private void SettleDriver(TaskPlaces places, in Outcome outcome, ResultFlags flags)
    {
        if (places.Driver == 0)
        {
            return;
        }

        var place = places.Driver - 1;
        places.Driver = 0;
        if (SyscallResult.IsError(outcome.Result)
            ? (flags & ResultFlags.Gone) == 0 : !IsOfDriver(places.CallArguments, outcome, flags))
        {
            sequencer.Drop(place);
            return;
        }

        ref var driver = ref sequencer.At(place);
        driver.Arg0 = outcome.VmaFlags;
        driver.Arg1 = (ulong)TraitsOf(outcome, flags);
        sequencer.Release(place);
    }

    private DriverTraits TraitsOf(in Outcome outcome, ResultFlags flags) => SyscallResult.IsError(outcome.Result)
        ? DriverTraits.Refuses
        : ((flags & ResultFlags.Close) != 0 ? DriverTraits.Closes : 0)
            | ((flags & ResultFlags.Split) != 0 ? DriverTraits.NeverSplit : 0)
            | (files.IsSecret(outcome.File) ? DriverTraits.NeverLocked : 0);

    private bool IsOfDriver(in CallRecord call, in Outcome outcome, ResultFlags flags)
    {
        var vma = (VmaFlags)outcome.VmaFlags;
        if ((flags & ResultFlags.Vma) == 0 || (vma & VmaFlags.HugeTlb) != 0)
        {
            return false;
        }

        // A shared mapping of what is open for reading alone cannot be written, whatever the driver.
        var isReadOnly = (vma & VmaFlags.MayShare) != 0 && (files.ModesOf(outcome.File) & FileModes.Write) == 0;
        var isSealed = (vma & VmaFlags.MayWrite) == 0 && !isReadOnly;
        return (vma & SetByDrivers) != 0 || isSealed || (flags & (ResultFlags.Close | ResultFlags.Split)) != 0
            || CallOf(call.Head) == RecordedCall.IoSetup;
    }

    private void OnText(TextRecord* record) => PlacesOf((int)record->Head.Task).Text =
        System.Text.Encoding.UTF8.GetString(
            new ReadOnlySpan<byte>(record->Text, (int)Math.Min(record->Head.C, TextRecord.TextBytes)));
}
