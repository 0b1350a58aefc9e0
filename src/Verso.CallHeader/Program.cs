using System.Globalization;
using System.Text;
using Verso.Engine.Calls;

// Writes call_table.h, the calls as the recorder's BPF program knows them, from CallTable.
// The build of Verso.Linux runs it.
StringBuilder header = new();
IReadOnlyList<SystemCall> memory = [.. CallTable.Recorded.Select(each => each.Call)];
SystemCall[] all = [.. memory, .. CallTable.ProcessCalls];

Line("/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */");
Line("/* Made by Verso.CallHeader from CallTable: which calls are followed, and their numbers. */");
Line("#pragma once");
Line("");
Line("/* Which call a call_record is about. Those up to CALL_LAST_MEMORY are an address space's. */");
Line("enum call_kind {");
Line("\tCALL_NONE = 0,");
for (int at = 0; at < all.Length; at++)
{
    Line($"\t{Symbol(all[at])},");
    if (at == memory.Count - 1)
    {
        Line($"\tCALL_LAST_MEMORY = {Symbol(all[at])},");
    }
}

Line("};");
Line("");
Line($"#define CALLS_OF_NUMBER {string.Join(", ", all.SelectMany(call => Entries(call.Numbers, call)))}");
Line($"#define CALLS_OF_COMPAT_NUMBER {string.Join(", ", all.SelectMany(call => Entries(call.CompatNumbers, call)))}");
foreach (MemoryControl option in Enum.GetValues<MemoryControl>())
{
    Line($"#define PR_{Words($"{option}")} 0x{(ulong)option:x}");
}

IEnumerable<string> options = Enum.GetNames<MemoryControl>().Select(option => $"(option) == PR_{Words(option)}");
Line($"#define IS_MEMORY_CONTROL(option) ({string.Join(" || ", options)})");

// What has not changed is not written: the BPF program is compiled again when it is newer.
bool isThere = File.Exists(args[0]) && await File.ReadAllTextAsync(args[0]) == header.ToString();
if (!isThere)
{
    await File.WriteAllTextAsync(args[0], header.ToString());
}

void Line(string text) => header.Append(text).Append('\n');

static string Symbol(SystemCall call) => $"CALL_{call.Name.ToUpperInvariant()}";

// SetMemoryMerge: SET_MEMORY_MERGE.
static string Words(string name) => string.Concat(name.Select(
    (letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));

static IEnumerable<string> Entries(IReadOnlyList<int> numbers, SystemCall call) =>
    numbers.Select(number => string.Create(CultureInfo.InvariantCulture, $"[{number}] = {Symbol(call)}"));
