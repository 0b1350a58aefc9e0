using System.Reflection;
using System.Runtime.Loader;

namespace Verso.Against;

/// <summary>An engine and what measures it, from one folder, whatever the program itself was built with.</summary>
internal sealed class EngineContext(string folder) : AssemblyLoadContext
{
    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string file = Path.Combine(folder, $"{assemblyName.Name}.dll");
        return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
    }
}
