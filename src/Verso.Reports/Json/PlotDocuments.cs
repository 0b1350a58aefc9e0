using Verso.Reports.Model;

namespace Verso.Reports.Json;

/// <summary><c>verso plot -j</c>: the files that were written.</summary>
/// <example>verso plot examples/bash-pipeline.verso -o figures -j</example>
/// <param name="Schema"><c>verso-plot/1</c></param>
/// <param name="Figures">A figure each.</param>
public sealed record PlotDocument(string Schema, IReadOnlyList<PlottedFigure> Figures);
