using System.Runtime.InteropServices;
using Iced.Intel;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Tests;

// The image is read back by the disassembler: what the processor sees is what the source says.
public sealed class PuppetImageTests
{
    private const int CodeOffset = 64 + (2 * 56);

    [Fact]
    public void ImageIsAFewHundredBytesAndFitsBelowItsBlock()
    {
        var page = PuppetImage.Shared.FirstPage;
        Assert.Equal(4096, page.Length);
        Assert.InRange(page.TrimEnd((byte)0).Length, 200, 600);
        Assert.True(page.StartsWith("\u007fELF"u8));
    }

    [Fact]
    public void StepsReadAsTheyAreWritten()
    {
        var image = PuppetImage.Shared;
        Assert.Equal(
            [
                "mov rax,[11008h]", "mov rdi,[11010h]", "mov rsi,[11018h]", "mov rdx,[11020h]", "mov r10,[11028h]",
                "mov r8,[11030h]", "mov r9,[11038h]", "syscall",
            ],
            Disassemble(image.Call, 8));
        Assert.Equal(["mov rsi,[11010h]", "movzx eax,byte ptr [rsi]"], Disassemble(image.Load, 2));
        Assert.Equal(["movzx eax,byte ptr [rsi]"], Disassemble(image.LoadAccess, 1));
        Assert.Equal(["mov [rsi],cl"], Disassemble(image.StoreAccess, 1));
        Assert.Equal(["jmp qword ptr [11000h]"], Disassemble(image.Ready, 1));
        Assert.Equal(["int3"], Disassemble(image.Ready - 1, 1));
    }

    [Fact]
    public void EveryInstructionIsOneThatIsMeant()
    {
        Mnemonic[] meant =
        [
            Mnemonic.Mov, Mnemonic.Movzx, Mnemonic.Cmp, Mnemonic.Test, Mnemonic.Xor, Mnemonic.Neg, Mnemonic.Add,
            Mnemonic.Dec, Mnemonic.Jmp, Mnemonic.Jne, Mnemonic.Js, Mnemonic.Syscall, Mnemonic.Int3,
        ];
        var code = PuppetImage.Shared.FirstPage[CodeOffset..(int)(PuppetImage.Shared.Arguments & 0xfff)].ToArray();
        var decoder = Decoder.Create(64, code, PuppetImage.Start + CodeOffset, DecoderOptions.None);
        var seen = new HashSet<Mnemonic>();
        while (decoder.IP < PuppetImage.Shared.StoreAccess)
        {
            seen.Add(decoder.Decode().Mnemonic);
        }

        Assert.Equal(meant.Order(), seen.Order());
    }

    [Fact]
    public void BlockFitsItsPageAndHasTheOrderOfTheCode() =>
        Assert.Equal(12 * sizeof(ulong), Marshal.SizeOf<ControlBlock>());

    [Fact]
    public void CallsThatVerbsAreForAreToldFromOthers()
    {
        Assert.All(
            new long[] { 15, 56, 57, 58, 59, 60, 101, 231, 322, 435, 0x40000039, 0x40000208, 0x1_0000_0039 },
            number => Assert.True(SystemCallNumber.ChangesProcess(number), $"{number}"));
        Assert.All(
            new long[] { 0, 9, 10, 11, 12, 25, 28, 39, 61, 157, 440 },
            number => Assert.False(SystemCallNumber.ChangesProcess(number), $"{number}"));
    }

    private static string[] Disassemble(ulong address, int count)
    {
        var formatter = new IntelFormatter();
        formatter.Options.SpaceAfterOperandSeparator = false;
        var code = PuppetImage.Shared.FirstPage[(int)(address - PuppetImage.Start)..].ToArray();
        var decoder = Decoder.Create(64, code, address, DecoderOptions.None);
        var lines = new string[count];
        for (var i = 0; i < count; i++)
        {
            var output = new StringOutput();
            formatter.Format(decoder.Decode(), output);
            lines[i] = output.ToString();
        }

        return lines;
    }
}
