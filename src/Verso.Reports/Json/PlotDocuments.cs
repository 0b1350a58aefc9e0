using Verso.Reports.Model;

namespace Verso.Reports.Json;

/// <summary>What <c>verso plot -j</c> prints.</summary>
public sealed record PlotDocument(string Schema, IReadOnlyList<PlottedFigure> Figures);
