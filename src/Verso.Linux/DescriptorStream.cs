using System.Runtime.InteropServices;
using System.Text;
using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>
/// A stream as the kernel has it: a descriptor, and errors that name it. .NET's own says nothing where the reader of a
/// pipe has gone, "Access to the path is denied" where a standard stream is closed, and throws
/// <see cref="ArgumentOutOfRangeException"/> where a file may not grow. Closes nothing.
/// </summary>
/// <remarks>
/// Reading and writing throw <see cref="IOException"/>, one line, with errno as its HResult. Standard error throws
/// nothing: where it cannot be written either, the exit status has to say it all.
/// </remarks>
public sealed unsafe class DescriptorStream : Stream
{
    private const int Forever = -1;

    private readonly int _descriptor;
    private readonly string _name;

    internal DescriptorStream(int descriptor, string name, FileAccess access)
    {
        _descriptor = descriptor;
        _name = name;
        CanRead = access == FileAccess.Read;
    }

    /// <summary>Standard input.</summary>
    public static DescriptorStream Input { get; } = new(0, "standard input", FileAccess.Read);

    /// <summary>Standard output.</summary>
    public static DescriptorStream Output { get; } = new(1, "standard output", FileAccess.Write);

    /// <summary>Standard error.</summary>
    public static DescriptorStream Error { get; } = new(2, "standard error", FileAccess.Write);

    /// <summary>Whether whoever read this went away.</summary>
    public bool HasLostItsReader
    {
        get
        {
            var poll = new Libc.PollDescriptor { Descriptor = _descriptor };
            return Libc.Poll(&poll, 1, 0) > 0 && (poll.ReturnedEvents & Libc.PollError) != 0;
        }
    }

    public override bool CanRead { get; }

    public override bool CanWrite => !CanRead;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>From now on a file that may not grow is an error of writing instead of an end by SIGXFSZ.</summary>
    public static void SurviveFileLimit() => Libc.SetSignalAction(Libc.SignalFileSize, Libc.HandlerIgnore);

    /// <summary>Text as UTF-8, each piece of it written at once.</summary>
    public TextWriter ToWriter() => new StreamWriter(this, new UTF8Encoding(false)) { AutoFlush = true };

    public override int Read(Span<byte> buffer)
    {
        fixed (byte* target = buffer)
        {
            nint got;
            while ((got = Libc.Read(_descriptor, target, (nuint)buffer.Length)) < 0)
            {
                Await(Libc.PollIn);
            }

            return (int)got;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            WriteAll(buffer);
        }
        catch (IOException) when (_descriptor == 2)
        {
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void WriteAll(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* source = buffer)
        {
            for (var written = 0; written < buffer.Length;)
            {
                var count = Libc.Write(_descriptor, source + written, (nuint)(buffer.Length - written));
                if (count < 0)
                {
                    Await(Libc.PollOut);
                }

                written += Math.Max((int)count, 0);
            }
        }
    }

    /// <summary>After a failed call: returns when it may be made again.</summary>
    private void Await(short events)
    {
        var error = Marshal.GetLastPInvokeError();
        if (error is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
        {
            var problem = error == Libc.ErrorBadDescriptor ? "closed" : Marshal.GetPInvokeErrorMessage(error);
            throw new IOException($"{_name}: {problem}", error);
        }

        // Who shares it with us may have made it one that does not wait.
        var poll = new Libc.PollDescriptor { Descriptor = _descriptor, Events = events };
        _ = Libc.Poll(&poll, 1, error == Libc.ErrorAgain ? Forever : 0);
    }
}
