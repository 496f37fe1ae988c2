using System.Globalization;
using System.Text;
using CsCheck;
using Orleans.Counter.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class Rfc3339Tests
{
    [Fact]
    public void Any_moment_is_read_back_to_the_millisecond() =>
        Gen.Select(Gen.Long[0, 3_155_000_000_000_000_000], Gen.Int[-14 * 60, 14 * 60], Gen.Int[0, 7]).Sample((ticks, offset, digits) =>
        {
            var moment = new DateTimeOffset(ticks, TimeSpan.Zero).AddDays(1).ToOffset(TimeSpan.FromMinutes(offset));
            var fraction = digits == 0 ? "" : "." + new string('f', digits);
            var text = moment.ToString($"yyyy-MM-dd'T'HH:mm:ss{fraction}zzz", CultureInfo.InvariantCulture);

            Assert.True(Rfc3339.TryRead(Encoding.ASCII.GetBytes(text), out var read), text);
            Assert.Equal(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), read);
        });

    [Theory]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-00-01T00:00:00Z")]
    [InlineData("2026-01-00T00:00:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2026-01-01T24:00:00Z")]
    [InlineData("2026-01-01T00:60:00Z")]
    [InlineData("2026-01-01T23:59:60Z")]
    [InlineData("2026-01-01 00:00:00Z")]
    [InlineData("2026-01-01T00:00:00")]
    [InlineData("2026-01-01T00:00:00.Z")]
    [InlineData("2026-01-01T00:00:00.5")]
    [InlineData("2026-01-01T00:00:00,5Z")]
    [InlineData("2026-01-01T00:00:00+1")]
    [InlineData("2026-01-01T00:00:00+0100")]
    [InlineData("2026-01-01T00:00:00+24:00")]
    [InlineData("2026-01-01T00:00:00+01:60")]
    [InlineData("2026-01-01T00:00:00ZZ")]
    [InlineData("2026-01-01T00:00:00Z ")]
    [InlineData(" 2026-01-01T00:00:00Z")]
    [InlineData("-026-01-01T00:00:00Z")]
    [InlineData("20260101T000000Z")]
    public void Anything_else_is_not_a_moment(string text) => Assert.False(Rfc3339.TryRead(Encoding.ASCII.GetBytes(text), out _));
}
