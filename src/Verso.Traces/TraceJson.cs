using System.Text.Json.Serialization;

namespace Verso.Traces;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TraceHeader))]
[JsonSerializable(typeof(TraceTrailer))]
internal sealed partial class TraceJson : JsonSerializerContext;
