using Verso.Engine;

namespace Verso.Linux.Puppets.X64;

/// <summary>
/// What puppets keep of an exec beside their own image: segments of a program, its heap and its stack.
/// </summary>
/// <param name="Segments">By ascending address, all above the puppet's own image; the heap begins at their end.</param>
public sealed record PuppetProgram(IReadOnlyList<PuppetSegment> Segments)
{
    /// <summary>
    /// The byte of the image's file at which what belongs to the puppet ends, and segments may begin: all 0.
    /// </summary>
    public const ulong FirstOffset = PuppetImage.Bytes;

    /// <summary>The image's file is called so.</summary>
    public const string FileName = "verso-puppet";

    /// <summary>Pages of the stack that exec makes: 128 KiB below the page of the arguments.</summary>
    public const int StackPages = 33;

    /// <summary>One past the last byte of the stack.</summary>
    public const ulong StackEnd = PuppetImage.UserEnd;

    /// <summary>The first byte.</summary>
    internal ulong Start => Segments[0].Address;

    /// <summary>One past the last byte; the heap begins there.</summary>
    internal ulong End => Page.AlignUp(Segments[^1].Address + Segments[^1].MemoryBytes);

    /// <summary>Bytes of the image's file.</summary>
    internal ulong FileBytes => Segments.Max(segment => Page.AlignUp(segment.Offset + segment.FileBytes));
}

/// <summary>One PT_LOAD.</summary>
/// <param name="Address">Where; page aligned.</param>
/// <param name="Offset">Where in the file; page aligned.</param>
/// <param name="FileBytes">Bytes of the file; behind them a page that may be written is zeroed.</param>
/// <param name="MemoryBytes">Bytes in memory; the pages beyond the file's are anonymous.</param>
/// <param name="Protection">What may be done with it.</param>
public sealed record PuppetSegment(
    ulong Address, ulong Offset, ulong FileBytes, ulong MemoryBytes, Protection Protection);
