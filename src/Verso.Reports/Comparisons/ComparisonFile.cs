using System.Text.Json;
using Verso.Lab.Playing;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Traces;

namespace Verso.Reports.Comparisons;

/// <summary>Reads the document that <c>verso compare -j</c> prints. What is none is refused, on one line.</summary>
public static class ComparisonFile
{
    private const string Schema = "verso-compare/1";

    /// <summary>
    /// No number is larger, and no list longer: sums of all are numbers still, and whoever prints one knows how wide.
    /// </summary>
    private const long LargestNumber = 1L << 50;
    private const int LongestList = 4096;

    /// <summary>Null stands for nothing that has to be there.</summary>
    private static readonly DocumentContext s_strict = new(new JsonSerializerOptions(DocumentContext.Default.Options)
    {
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    });

    /// <summary>Reads one.</summary>
    /// <param name="name">As a command names it.</param>
    /// <param name="stream">It.</param>
    /// <exception cref="InputException">It is none.</exception>
    public static ComparisonDocument Read(string name, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            if (stream.Length > TraceCopy.MostTextBytes)
            {
                throw new FormatException($"a document has at most {TraceCopy.MostTextBytes} bytes");
            }

            ComparisonDocument? document = JsonSerializer.Deserialize(stream, s_strict.ComparisonDocument);
            Check(document);
            return document!;
        }
        catch (JsonException problem)
        {
            string place = problem.LineNumber is long line && problem.BytePositionInLine is long at
                ? $"line {line + 1}, byte {at}: " : "";
            throw new InputException(
                name, new FormatException($"{place}expected the document that verso compare -j prints", problem));
        }
        catch (FormatException problem)
        {
            throw new InputException(name, problem);
        }
    }

    private static void Check(ComparisonDocument? document)
    {
        Require(document is not null && document.Schema == Schema, $"the schema {Schema}");
        List(document!.Traces, "traces");
        Require(document.Traces.Count > 0, "a trace");
        Require(document.Labels?.Values.All(value => value is not null) ?? true, "words as labels");
        foreach (TraceDocument trace in document.Traces)
        {
            Require(trace is not null, "traces");
            Numbers("counts", trace!.Events, trace.LostEvents, trace.Processes);
            Counts(trace.NotFollowed, "notFollowed");
            Check(trace.Fidelity);
            List(trace.Designs, "designs");
            Require(
                trace.Designs.Count > 0 && trace.Designs.All(IsNamed), "designs with names as --designs takes them");
            Require(
                trace.Designs.Select(design => Slug.Of(design.Name)).Distinct().Count() == trace.Designs.Count,
                "each design once");
            trace.Designs.ToList().ForEach(Check);
        }
    }

    /// <summary>As <c>reflink:step=3</c>: it becomes part of links and of names of files.</summary>
    private static bool IsNamed(DesignDocument? design) =>
        design?.Name is { Length: > 0 and <= 200 } name
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || "-:=".Contains(letter));

    private static void Check(DesignDocument design)
    {
        Check(design.Fidelity);
        Require(design.Objects.Count <= LongestList && design.Objects.Values.All(row => row is not null), "objects");
        foreach (ObjectDocument row in design.Objects.Values)
        {
            Numbers("objects", row.Live, row.Peak, row.BytesPeak, row.SizeBytes, row.Allocated, row.AllocatedAtomic,
                row.FreedAfterGrace);
        }

        Counts(design.Merges.Refused, "merges");
        Counts(design.Own, "own");
        Counts(design.Locks, "locks");
        Counts(design.LockedWork, "lockedWork");
        Numbers("figures", design.VmasPeak, design.BytesWithStructs ?? 0, design.CallsFailedAtVmaLimit,
            design.Merges.Done, design.FramesPeak, design.FramesCopied, design.FramesReused, design.FramesFound,
            design.Ptes.Copied, design.Ptes.WriteProtected, design.Ptes.Zapped, design.Ptes.Moved);
        Numbers("walks", design.Walks.Count, design.Walks.Visited, design.Walks.Useful, design.Walks.VisitedUntilDone);
        foreach (WalkTallyDocument? walks in (WalkTallyDocument?[])
            [design.Walks.Anonymous, design.Walks.File, design.Walks.Untouched])
        {
            Numbers("walks", walks?.Count ?? 0, walks?.Visited ?? 0, walks?.Useful ?? 0, walks?.VisitedUntilDone ?? 0,
                walks?.Median ?? 0, walks?.By99 ?? 0, walks?.Most ?? 0);
        }

        Numbers("times", design.ElapsedNanoseconds ?? 0, design.EngineNanoseconds ?? 0, design.EventsPerSecond ?? 0,
            design.Times?.Rounds ?? 0, design.Times?.ElapsedLeastNanoseconds ?? 0,
            design.Times?.ElapsedMostNanoseconds ?? 0, design.Times?.EngineLeastNanoseconds ?? 0,
            design.Times?.EngineMostNanoseconds ?? 0);
        Require(
            Metrics.Of(design).DistinctBy(metric => metric.Key).Count() == Metrics.Of(design).Count,
            "each figure once");
    }

    private static void Check(FidelityDocument fidelity)
    {
        Numbers("fidelity", fidelity.Checkpoints);
        foreach (AgreementDocument agreement in (AgreementDocument[])
            [fidelity.Vmas, fidelity.AnonVmaGraph, fidelity.AnonVmaNodes, fidelity.Ranges])
        {
            Numbers("fidelity", agreement.Matched, agreement.Total, agreement.Total - agreement.Matched);
        }
    }

    private static void Counts(IReadOnlyDictionary<string, long> counts, string what)
    {
        Require(counts.Count <= LongestList, $"fewer {what}");
        Numbers(what, [.. counts.Values]);
    }

    private static void List<T>(IReadOnlyList<T> list, string what) =>
        Require(list.Count <= LongestList && list.All(each => each is not null), what);

    private static void Numbers(string what, params ReadOnlySpan<long> numbers)
    {
        foreach (long number in numbers)
        {
            Require(number is >= 0 and <= LargestNumber, $"numbers from 0 to 2^50 in {what}");
        }
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new FormatException($"expected {what}, as in the document that verso compare -j prints");
        }
    }
}
