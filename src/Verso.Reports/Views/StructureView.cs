using System.Globalization;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Families;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>
/// The objects of each design, and which VMAs and address spaces lead to them: as boxes and links where they are few,
/// else as a matrix, as <see cref="GraphView"/> draws anon_vmas.
/// </summary>
internal static class StructureView
{
    /// <summary>Charts, at most one with boxes and one with dots; none where no design has an object.</summary>
    /// <param name="structures">What designs have.</param>
    /// <param name="moment">When.</param>
    /// <param name="id">Of the charts.</param>
    internal static IEnumerable<Chart> Of(IReadOnlyList<DesignStructure> structures, string moment, string id)
    {
        DesignStructure[] with = [.. structures.Where(each => each.Objects.Count > 0)];
        string[] without = [.. structures.Where(each => each.Objects.Count == 0).Select(each => each.Design)];
        DesignStructure[] few = [.. with.Where(IsFew)];
        DesignStructure[] many = [.. with.Where(each => !IsFew(each))];
        string none = without.Length == 0 ? ""
            : $" {string.Join(", ", without)}: no object that a VMA or an mm leads to.";
        if (few.Length > 0)
        {
            yield return new Chart($"{id}-boxes", "The objects of each design, and what leads to them", ChartKind.Graph,
                Alike(few.Select(each => Boxes(each, $"{id}-boxes-{Slug.Of(each.Design)}"))))
            {
                Choice = "design",
                Description = $"{moment}: {Describe(few[0])}{none} Dashed: what an object hangs on.",
            };
        }

        if (many.Length > 0)
        {
            yield return new Chart($"{id}-matrix", "VMAs and address spaces by the objects of each design",
                ChartKind.Matrix,
                Alike(many.Select(each => Matrix(each, $"{id}-matrix-{Slug.Of(each.Design)}"))))
            {
                Choice = "design",
                Description = $"{moment}: {Describe(many[0])}{(few.Length > 0 ? "" : none)}",
            };
        }
    }

    /// <summary>Designs that have the same, one table for all of them: five are policies on one structure.</summary>
    private static List<Table> Alike(IEnumerable<Table> tables)
    {
        List<Table> different = [];
        foreach (Table table in tables)
        {
            int same = different.FindIndex(other => AreEqual(other, table));
            if (same < 0)
            {
                different.Add(table);
            }
            else
            {
                different[same] = different[same] with { Title = $"{different[same].Title}, {table.Title}" };
            }
        }

        return different;
    }

    private static bool AreEqual(Table one, Table other) => one.Hidden == other.Hidden
        && one.Rows.Count == other.Rows.Count
        && one.Rows.Zip(other.Rows).All(pair => pair.First.SequenceEqual(pair.Second));

    private static bool IsFew(DesignStructure structure) => structure.Hidden == 0
        && structure.Objects.Count + Sources(structure).Count() <= GraphView.MostBoxes;

    private static string Describe(DesignStructure structure)
    {
        IEnumerable<string> types = structure.Objects.GroupBy(each => each.What.Type)
            .Select(group => $"{Figures.Count(group.Count())} {group.Key}");
        long pages = structure.Objects.Sum(each => each.Pages);
        string held = pages == 0 ? "" : $" that hold {Figures.Plural(pages, "page", "pages")}";
        return $"{structure.Design} has {string.Join(", ", types)}{held}; "
            + $"{Figures.Plural(structure.Links.Count + structure.Hidden, "link leads", "links lead")} to them.";
    }

    private static IEnumerable<IGrouping<string, StructureLink>> Sources(DesignStructure structure) =>
        structure.Links.GroupBy(NameOf);

    private static Table Boxes(DesignStructure structure, string id)
    {
        Dictionary<DesignObject, string> names = Names(structure);
        bool hasParents = structure.Objects.Any(each => each.Parent != default);
        List<IReadOnlyList<Cell>> rows = [];
        foreach (IGrouping<string, StructureLink> source in Sources(structure))
        {
            rows.Add(
            [
                source.Key, 0L, (long)rows.Count, source.First().Start is null ? "mm" : "VMA",
                string.Join(' ', source.Select(link => names[link.What]).Distinct()),
                source.Where(link => link.IsForNew).Select(link => names[link.What]).FirstOrDefault(""), "",
            ]);
        }

        int place = 0;
        foreach (StructureObject each in structure.Objects)
        {
            string held = each.Pages == 0 ? "" : $", holds {Figures.Plural(each.Pages, "page", "pages")}";
            string root = hasParents && each.Parent == default ? ", root" : "";
            rows.Add(
            [
                names[each.What], 1L, (long)place++, each.What.Type + root + held,
                names.GetValueOrDefault(each.Parent, ""), "", "parent",
            ]);
        }

        return new Table(id, structure.Design, GraphView.BoxColumns, rows);
    }

    private static Table Matrix(DesignStructure structure, string id)
    {
        Dictionary<DesignObject, string> names = Names(structure);
        DesignObject[] order = [.. names.Keys];
        Dictionary<DesignObject, long> places =
            order.Select((what, at) => (what, at)).ToDictionary(each => each.what, each => (long)each.at);
        List<IReadOnlyList<Cell>> rows = [];
        long place = 0;
        foreach (IGrouping<string, StructureLink> source in Sources(structure))
        {
            foreach (StructureLink link in source.Where(link => names.ContainsKey(link.What)))
            {
                rows.Add(
                    [place, source.Key, places[link.What], names[link.What], link.IsForNew ? "own" : "other"]);
            }

            place++;
        }

        return new Table(
            id,
            structure.Design,
            [
                new("row", "row", Unit.Count), new("vma", "VMA or mm"), new("at", "column", Unit.Count),
                new("object", "object"), new("kind", "kind"),
            ],
            rows)
        {
            Hidden = structure.Hidden == 0 ? "" : $"{Figures.Count(structure.Hidden)} more links are not shown",
        };
    }

    /// <summary>Names as <c>av1</c>, numbered as objects are led to.</summary>
    private static Dictionary<DesignObject, string> Names(DesignStructure structure)
    {
        Dictionary<DesignObject, string> names = [];
        foreach (IGrouping<string, StructureObject> type in structure.Objects.GroupBy(each => each.What.Type))
        {
            string initials = string.Concat(type.Key.Split('_').Select(word => word[0]));
            foreach ((StructureObject each, int at) in type.Select((each, at) => (each, at)))
            {
                names[each.What] = string.Create(CultureInfo.InvariantCulture, $"{initials}{at + 1}");
            }
        }

        return names;
    }

    private static string NameOf(StructureLink link) => link.Start is ulong start
        ? string.Create(CultureInfo.InvariantCulture, $"{link.Space}:{start:x}")
        : $"mm-{link.Space}";
}
