namespace Verso.Lab.Explain.Copies;

/// <summary>A situation cannot be made here. The message says why, in a few words.</summary>
public sealed class NotCopiedException(string message) : Exception(message);
