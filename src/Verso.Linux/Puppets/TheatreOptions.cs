using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

/// <summary>What the puppets of a theatre are given.</summary>
public sealed record TheatreOptions
{
    /// <summary>The first of <see cref="Files"/> is this descriptor in every puppet, the next one the next.</summary>
    public const int FirstFile = 10;

    /// <summary>
    /// Open descriptors of this process that every puppet has, from <see cref="FirstFile"/> on. Puppets share the open
    /// file, offset included; they keep it when the theatre's descriptor is closed, through fork and exec.
    /// </summary>
    public IReadOnlyList<int> Files { get; init; } = [];

    /// <summary>
    /// The processor that the theatre's thread and all its puppets run on; null: the one the thread is on. A step that
    /// changes the processor takes six times as long.
    /// </summary>
    public int? Processor { get; init; }

    /// <summary>
    /// A step that sleeps this long, and at most twice this long, is interrupted and counts as blocked.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A step that runs this long kills its puppet.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Where the break of a fresh or re-executed puppet starts, a multiple of the page size; null: where the kernel
    /// puts it, at the end of the image (<see cref="Puppet.ImageEnd"/>).
    /// </summary>
    public ulong? BreakStart { get; init; }

    /// <summary>
    /// What an exec leaves a puppet beside its own image; null: nothing. With one, a puppet that was forked shares
    /// pages with its parent; executed again it is as fresh as any program.
    /// </summary>
    public PuppetProgram? Program { get; init; }
}
