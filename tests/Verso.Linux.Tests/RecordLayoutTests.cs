using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Verso.Linux.Graph;
using Verso.Linux.Interop;
using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Linux.Tests;

/// <summary>
/// Bpf/records.h and Records.cs describe one thing twice, and so do Bpf/graph_records.h and GraphRecords.cs: the
/// object's own BTF says what the C side means.
/// </summary>
public sealed unsafe class RecordLayoutTests
{
    private const string RecorderObject = "recorder.bpf.o";
    private const string GraphObject = "graph.bpf.o";
    private const uint KindStruct = 4;
    private const uint KindEnum = 6;

    [Theory]
    [InlineData("record", typeof(RecordHead))]
    [InlineData("fault_record", typeof(FaultRecord))]
    [InlineData("call_record", typeof(CallRecord))]
    [InlineData("result_record", typeof(ResultRecord))]
    [InlineData("call_done_record", typeof(CallDoneRecord))]
    [InlineData("prepare_record", typeof(PrepareRecord))]
    [InlineData("fork_record", typeof(FlagsRecord))]
    [InlineData("task_record", typeof(FlagsRecord))]
    [InlineData("file_record", typeof(FileRecord))]
    [InlineData("dump_begin_record", typeof(DumpBeginRecord))]
    [InlineData("dump_end_record", typeof(DumpEndRecord))]
    [InlineData("text_record", typeof(TextRecord))]
    [InlineData("watch_record", typeof(WatchRecord))]
    [InlineData("stack_record", typeof(StackRecord))]
    [InlineData("unfollowed_record", typeof(UnfollowedRecord))]
    [InlineData("graph_mm", typeof(GraphMm), GraphObject)]
    [InlineData("graph_file", typeof(GraphFile), GraphObject)]
    [InlineData("graph_vma", typeof(GraphVma), GraphObject)]
    [InlineData("graph_link", typeof(GraphLink), GraphObject)]
    [InlineData("graph_holder", typeof(GraphHolder), GraphObject)]
    [InlineData("graph_count", typeof(GraphCount), GraphObject)]
    public void FieldsLieWhereTheyDoInC(string name, Type type, string program = RecorderObject)
    {
        var btf = OpenTypes(program);
        var id = LibBpf.BtfFind(btf, name, KindStruct);
        Assert.True(id > 0, $"no struct {name}");
        var size = LibBpf.BtfType(btf, (uint)id)[2];
        Assert.Equal((int)size, Marshal.SizeOf(type));

        // Arrays in C are single fields here, so offsets are compared as sets: every C field begins one of ours.
        var ours = OffsetsOf(type, 0).ToHashSet();
        Assert.All(MembersOf(btf, (uint)id), offset => Assert.Contains(offset, ours));
    }

    [Theory]
    [InlineData("record_kind", typeof(RecordKind), "REC_")]
    [InlineData("dump_reason", typeof(DumpReason), "DUMP_")]
    [InlineData("unfollowed_cause", typeof(NotFollowedCause), "UNFOLLOWED_")]
    [InlineData("graph_kind", typeof(GraphKind), "GRAPH_", GraphObject)]
    public void NumbersMeanTheSame(string name, Type type, string prefix, string program = RecorderObject)
    {
        var btf = OpenTypes(program);
        var id = LibBpf.BtfFind(btf, name, KindEnum);
        Assert.True(id > 0, $"no enum {name}");
        var theirs = ValuesOf(btf, (uint)id).ToDictionary(
            pair => pair.Name[prefix.Length..].Replace("_", "", StringComparison.Ordinal).ToUpperInvariant(),
            pair => pair.Value);
        foreach (var value in Enum.GetValues(type))
        {
            Assert.Equal(Convert.ToInt32(value, CultureInfo.InvariantCulture), theirs[value.ToString()!.ToUpperInvariant()]);
        }
    }

    private static nint OpenTypes(string program)
    {
        try
        {
            LibBpf.SetPrint(0);
        }
        catch (DllNotFoundException)
        {
            Assert.Skip("libbpf.so.1 is missing");
        }

        using var stream = typeof(Recorder).Assembly.GetManifestResourceStream(program);
        if (stream is null)
        {
            Assert.Skip("this build has no BPF object: clang or libbpf-dev is missing");
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        fixed (byte* elf = bytes)
        {
            var handle = LibBpf.ObjectOpen(elf, (nuint)bytes.Length, 0);
            Assert.NotEqual(0, handle);
            return LibBpf.ObjectBtf(handle);
        }
    }

    private static IEnumerable<int> OffsetsOf(Type type, int from)
    {
        foreach (var field in type.GetFields(
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic))
        {
            var offset = from + (int)Marshal.OffsetOf(type, field.Name);
            yield return offset;
            if (field.FieldType is { IsValueType: true, IsPrimitive: false, IsEnum: false })
            {
                foreach (var inner in OffsetsOf(field.FieldType, offset))
                {
                    yield return inner;
                }
            }
        }
    }

    // struct btf_member: name, type, offset in bits.
    private static List<int> MembersOf(nint btf, uint id)
    {
        var type = LibBpf.BtfType(btf, id);
        var members = new List<int>();
        for (var i = 0; i < (type[1] & 0xffff); i++)
        {
            members.Add((int)type[3 + (3 * i) + 2] / 8);
        }

        return members;
    }

    // struct btf_enum: name, value.
    private static List<(string Name, int Value)> ValuesOf(nint btf, uint id)
    {
        var type = LibBpf.BtfType(btf, id);
        var values = new List<(string, int)>();
        for (var i = 0; i < (type[1] & 0xffff); i++)
        {
            var name = LibBpf.BtfName(btf, type[3 + (2 * i)]);
            values.Add((
                Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)),
                (int)type[3 + (2 * i) + 1]));
        }

        return values;
    }
}
