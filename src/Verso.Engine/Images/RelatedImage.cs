namespace Verso.Engine.Images;

/// <summary>An address space that is loaded together with those it is related to by fork.</summary>
/// <param name="Image">
/// Its state. Ids of anon_vmas mean the same in all images that are loaded together.
/// </param>
/// <param name="Parent">
/// The place of the image it was forked from, before its own; -1 if exec made it, or nobody knows.
/// </param>
public sealed record RelatedImage(MmImage Image, int Parent = -1);
