using System.Text.Json.Serialization;

namespace Verso.Traces;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TraceHeader))]
[JsonSerializable(typeof(TraceTrailer))]
internal sealed partial class TraceJson : JsonSerializerContext;
