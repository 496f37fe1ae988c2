using CsCheck;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

public sealed class SightingCodecTests
{
    private static readonly Gen<SightingDelta> Delta =
        from numbers in Gen.Select(Gen.Int[0, 40], Gen.Long[0, 200_000_000], Gen.Int[0, 2047])
        from range in Gen.Select(Gen.Long[-1, 1L << 40], Gen.Long[1, 1_000_000])
        from follows in Gen.Long[-1, 200_000_000].Nullable()
        from ids in Gen.ULong[1, ulong.MaxValue].Array[0, 50]
        select new SightingDelta(new(numbers.Item1, numbers.Item2, Position.Of(numbers.Item3, range.Item1), Position.Of(numbers.Item3, range.Item1 + range.Item2), follows), Created, ids);

    private static DateTimeOffset Created => new(2026, 11, 23, 7, 30, 0, TimeSpan.Zero);

    [Fact]
    public void Every_stretch_is_read_back_from_its_name_and_its_bytes() => Delta.Sample(delta =>
    {
        var read = SightingCodec.Decode(delta.Stretch, SightingCodec.Encode(delta));

        Assert.Equal(delta.Stretch, SightingStretch.Parse(delta.Stretch.Name));
        Assert.Equal((delta.Stretch, delta.HubCreatedAt), (read.Stretch, read.HubCreatedAt));
        Assert.Equal(delta.Ids.ToArray(), read.Ids.ToArray());
    });

    [Fact]
    public void A_single_bit_that_is_another_one_is_noticed() => Gen.Select(Delta, Gen.Int[0, int.MaxValue]).Sample((delta, at) =>
    {
        var bytes = SightingCodec.Encode(delta);
        bytes[at / 8 % bytes.Length] ^= (byte)(1 << (at % 8));

        Assert.Throws<InvalidDataException>(() => SightingCodec.Decode(delta.Stretch, bytes));
    });

    [Fact]
    public void Bytes_that_were_cut_off_are_noticed() => Gen.Select(Delta, Gen.Int[0, int.MaxValue]).Sample((delta, at) =>
    {
        var bytes = SightingCodec.Encode(delta);

        Assert.Throws<InvalidDataException>(() => SightingCodec.Decode(delta.Stretch, bytes.AsSpan(0, at % bytes.Length)));
    });

    [Fact]
    public void The_bytes_of_another_stretch_are_noticed() => Gen.Select(Delta, Delta).Where((one, other) => one.Stretch != other.Stretch).Sample((one, other) =>
        Assert.Throws<InvalidDataException>(() => SightingCodec.Decode(one.Stretch, SightingCodec.Encode(other))));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0/0106000000")]
    [InlineData("0/0106000000/0000000000000001")]
    [InlineData("0/0106000000/1-2")]
    [InlineData("0/0106000000/8000000000000001-8000000000000002")]
    [InlineData("0/0106000000/0000000000000001-0000000000000002-")]
    [InlineData("0/0106000000/0000000000000001-0000000000000002-first-first")]
    [InlineData("0/0106000000/0000000000000001-0000000000000002/more")]
    [InlineData("-1/0106000000/0000000000000001-0000000000000002")]
    public void A_name_that_no_reader_gives_is_none(string name) => Assert.Null(SightingStretch.Parse(name));
}
