namespace Verso.Linux.Guests;

/// <summary>Another kernel cannot be booted, or did not do what it was booted for. The message is one line.</summary>
public sealed class GuestUnavailableException(string message) : Exception(message);
