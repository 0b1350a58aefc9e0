using System.Text;
using Verso.Engine.Calls;

namespace Verso.Linux.Puppets;

// Calls of an address space, as the engine takes them.
public sealed partial class Puppet
{
    private const ulong NodeMaskBits = 64;

    /// <summary>
    /// Makes a call by the first system call that can say all of it. What system calls take by address, a name and a
    /// mask of nodes, is put into <see cref="Operands"/>; an open file is a descriptor, in the argument of the call.
    /// </summary>
    public PuppetOutcome Do(in Call call)
    {
        var row = CallTable.Of(call.Kind);
        var way = row.ToSay(call);
        Span<ulong> registers = stackalloc ulong[6];
        registers.Clear();
        for (var at = 0; at < way.Registers.Count; at++)
        {
            registers[way.Registers[at]] = call.Argument(at);
        }

        if (call.Text is string text)
        {
            var length = Encoding.UTF8.GetBytes(text, Operands);
            Operands[length] = 0;
            registers[4] = OperandsAddress;
        }
        else if (call.Kind == CallKind.Mbind && call.Arg3 != 0)
        {
            BitConverter.TryWriteBytes(Operands, call.Arg3);
            registers[3] = OperandsAddress;
            registers[4] = NodeMaskBits;
        }

        return Call(
            way.Number, registers[0], registers[1], registers[2], registers[3], registers[4], registers[5]);
    }
}
