namespace Verso.Engine.ReverseMaps;

/// <summary>
/// Takes down what a design keeps, so that two states can be told apart. Handles count by where they first appear:
/// which slot of an arena an object has is no difference.
/// </summary>
public interface IStateNotes
{
    /// <summary>A number that counts as it is.</summary>
    void Number(ulong value);

    /// <summary>An object of the design; 0 is none.</summary>
    void Object(int handle);

    /// <summary>Where a page is: a frame, a swap slot, or neither.</summary>
    void Page(Pfn frame, int slot);
}
