using Verso.Lab.Fidelity;
using Verso.Reports.Text;

namespace Verso.Reports.Tests.Text;

/// <summary>Numbers as people read them.</summary>
public sealed class FiguresTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(1_048_524, "1023.9 KiB")]
    [InlineData(1_048_575, "1.0 MiB")]
    [InlineData(3L << 30, "3.0 GiB")]
    [InlineData(1L << 50, "1024.0 TiB")]
    public void BytesHaveTheUnitThatKeepsThemShort(long value, string text) => Assert.Equal(text, Figures.Bytes(value));

    [Theory]
    [InlineData(0, "0 µs")]
    [InlineData(999_499, "999 µs")]
    [InlineData(999_999, "1.0 ms")]
    [InlineData(999_949_999, "999.9 ms")]
    [InlineData(999_999_999, "1.00 s")]
    [InlineData(4_560_000_000, "4.56 s")]
    public void DurationsHaveTheUnitThatKeepsThemShort(long nanoseconds, string text) =>
        Assert.Equal(text, Figures.Duration(nanoseconds));

    [Theory]
    [InlineData(0, 0, "100 %")]
    [InlineData(199, 200, "99.50 %")]
    [InlineData(999_999_999, 1_000_000_000, "99.99 %")]
    [InlineData(0, 3, "0.00 %")]
    public void OnlyAllIsAHundredPercent(long matched, long total, string text) =>
        Assert.Equal(text, Figures.Percent(new Agreement(matched, total)));

    [Fact]
    public void MomentsBeyondAnyCalendarAreItsEnds()
    {
        Assert.Equal("2026-11-21 14:00:19 UTC", Figures.Moment(1_795_269_619));
        Assert.Equal("0001-01-01 00:00:00 UTC", Figures.Moment(long.MinValue));
        Assert.Equal("9999-12-31 23:59:59 UTC", Figures.Moment(long.MaxValue));
    }

    [Theory]
    [InlineData(1, "1 process")]
    [InlineData(0, "0 processes")]
    [InlineData(1234, "1,234 processes")]
    public void NounsFollowTheirNumber(long count, string text) =>
        Assert.Equal(text, Figures.Plural(count, "process", "processes"));
}
