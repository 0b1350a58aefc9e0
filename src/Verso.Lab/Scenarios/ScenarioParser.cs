using System.Globalization;
using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>Reads the text of one scenario.</summary>
internal sealed class ScenarioParser
{
    private const string Arrow = "->";
    private const int LongestMessage = 160;

    /// <summary>Pages of a unit: a gigabyte.</summary>
    private const int LargestUnit = 512 * 512;

    private readonly List<Op> _ops = [];
    private readonly Dictionary<int, string> _outcomes = [];
    private readonly List<Expectation> _states = [];
    private readonly List<string> _purpose = [];
    private readonly List<Remark> _remarks = [];
    private Scenario _scenario = new([]);

    public Scenario Parse(string text)
    {
        string[] lines = text.Split('\n');
        for (int at = 0; at < lines.Length; at++)
        {
            try
            {
                ParseLine(lines[at].Trim());
            }
            catch (Exception wrong) when (wrong is FormatException or OverflowException or ArgumentException)
            {
                throw new FormatException($"line {at + 1}: {Short(wrong.Message)}", wrong);
            }
        }

        return _scenario with
        {
            Ops = _ops,
            Outcomes = _outcomes,
            States = _states,
            Remarks = _remarks,
            Purpose = string.Join('\n', _purpose),
        };
    }

    // A line of a binary file may be as long as the file.
    private static string Short(string message) =>
        message.Length <= LongestMessage ? message : $"{message.AsSpan(0, LongestMessage)}...";

    private void ParseLine(string line)
    {
        int mark = line.IndexOf('#', StringComparison.Ordinal);
        if (mark >= 0 && _ops.Count == 0)
        {
            _purpose.Add(line[(mark + 1)..].Trim());
        }
        else if (mark >= 0)
        {
            _remarks.Add(new Remark(_ops.Count, line[(mark + 1)..].Trim()));
        }

        line = mark < 0 ? line : line[..mark].TrimEnd();
        if (line.Length == 0)
        {
            return;
        }

        if (line.StartsWith("option ", StringComparison.Ordinal))
        {
            _scenario = WithOption(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        else if (line.Length > 1 && line[1] == ':')
        {
            _states.Add(_ops.Count > 0 && char.IsAsciiLetter(line[0])
                ? new Expectation(_ops.Count - 1, line[0], line[2..].Trim())
                : throw new FormatException($"no state of an address space after a step: {line}"));
        }
        else
        {
            string[] halves = line.Split(Arrow, 2);
            Op op = OpText.Parse(halves[0].TrimEnd());
            if (halves.Length == 2)
            {
                _outcomes[_ops.Count] = halves[1].Trim();
            }

            _ops.Add(op);
        }
    }

    private Scenario WithOption(string[] words) => words switch
    {
        [_, "lazyfree", string mode] when Enum.TryParse(mode, ignoreCase: true, out LazyFree drop)
            && Enum.IsDefined(drop) => _scenario with { LazyFree = drop },
        [_, "program"] => _scenario with { Beginning = Beginning.Program },
        [_, "maxmaps", string count] => _scenario with { MaxMaps = Number(count, int.MaxValue) },
        [_, "memlock", string pages] => _scenario with { MemlockPages = Number(pages, int.MaxValue) },
        [_, "unit", string pages] => _scenario with { PagesPerUnit = Number(pages, LargestUnit) },
        [_, "keys"] => _scenario with { Keys = ProtectionKeys.Present },
        _ => throw new FormatException($"not an option: {string.Join(' ', words)}"),
    };

    private static int Number(string text, int most) =>
        int.Parse(text, CultureInfo.InvariantCulture) is var number && number >= 1 && number <= most
            ? number
            : throw new FormatException($"a number from 1 to {most}, not {number}");
}
