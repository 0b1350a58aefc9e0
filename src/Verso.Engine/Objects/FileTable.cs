namespace Verso.Engine.Objects;

/// <summary>The open files of a machine and the inodes behind them.</summary>
public sealed class FileTable
{
}
