using System.Text.Json.Serialization;

namespace Verso.Reports.Json;

// The JSON documents, key by key. Addresses are hex strings, sizes integers. Keys are only ever added; a change of
// meaning gets a new schema name. The comments of their types are the tables of docs/json.md: a test compares.

/// <summary>Serializers generated at build time: no reflection, so that starting stays fast.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(CellConverter)])]
[JsonSerializable(typeof(ComparisonDocument))]
[JsonSerializable(typeof(CatalogueDocument))]
[JsonSerializable(typeof(ReplayDocument))]
[JsonSerializable(typeof(InfoDocument))]
[JsonSerializable(typeof(SnapshotDocument))]
[JsonSerializable(typeof(RmapDocument))]
[JsonSerializable(typeof(TopDocument))]
[JsonSerializable(typeof(RandomVerificationDocument))]
[JsonSerializable(typeof(ScenariosDocument))]
[JsonSerializable(typeof(ExplanationDocument))]
[JsonSerializable(typeof(StepDocument))]
[JsonSerializable(typeof(QuizDocument))]
[JsonSerializable(typeof(WatchDocument))]
[JsonSerializable(typeof(PlotDocument))]
[JsonSerializable(typeof(ReportDocument))]
internal sealed partial class DocumentContext : JsonSerializerContext;
