using System.Buffers.Text;
using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class CounterAckTests
{
    /// <summary>What a proxy or a browser takes in a header or an address without being asked.</summary>
    private const int LengthMax = 8 * 1024;

    private static readonly Gen<FrameNumbers> Numbers = Gen.Select(Gen.OneOf(Gen.ULong[1, 200], Gen.ULong[1, ulong.MaxValue]), Gen.OneOf(Gen.Const(0UL), Gen.ULong))
        .Select((last, bits) => new FrameNumbers(last, bits | 1));

    private static readonly Gen<FrameNumbers[]> Frames = Gen.Select(Numbers, Gen.Int[0, 3]).Select((numbers, chance) => chance == 0 ? numbers : default).Array[Shard.Count];

    [Fact]
    public void A_token_says_what_it_was_told() => Gen.Select(Gen.ULong, Frames).Sample((writer, frames) =>
    {
        var ack = CounterAck.Read(CounterAck.Write(writer, frames));

        Assert.Equal(writer, ack?.Writer);
        Assert.All(Shard.All, shard => Assert.Equal(frames[shard.Number] is { Last: > 0 } some ? some : null, ack!.Of(shard)));
    });

    [Fact]
    public void A_token_that_lost_or_changed_a_part_is_none() => Gen.Select(Gen.ULong, Frames, Gen.Int[0, int.MaxValue], Gen.Int[1, 255]).Sample((writer, frames, place, change) =>
    {
        var token = CounterAck.Write(writer, frames);
        var bytes = Base64Url.DecodeFromChars(token);
        bytes[place % bytes.Length] ^= (byte)change;

        Assert.Null(CounterAck.Read(Base64Url.EncodeToString(bytes)));
        Assert.Null(CounterAck.Read(token[..(place % token.Length)]));
    });

    [Fact]
    public void Whatever_is_no_token_is_told_so_and_nothing_else_happens() =>
        Gen.OneOf(Gen.String[0, 40], Gen.Byte.Array[0, 60].Select(bytes => Base64Url.EncodeToString(bytes)), Gen.Const(new string('A', 100_000)))
            .Sample(text => Assert.Null(CounterAck.Read(text)));

    [Fact]
    public void A_token_of_one_event_is_short_and_none_is_longer_than_a_header_may_be()
    {
        var one = new FrameNumbers[Shard.Count];
        one[7] = new(1000, 1);
        Assert.InRange(CounterAck.Write(ulong.MaxValue, one).Length, 20, 24);

        var usual = Enumerable.Repeat(new FrameNumbers(1_000_000, 1), Shard.Count).ToArray();
        Assert.InRange(CounterAck.Write(ulong.MaxValue, usual).Length, 1000, 1800);

        var longest = Enumerable.Repeat(new FrameNumbers(ulong.MaxValue, ulong.MaxValue), Shard.Count).ToArray();
        Assert.InRange(CounterAck.Write(ulong.MaxValue, longest).Length, 5000, LengthMax);
        Assert.NotNull(CounterAck.Read(CounterAck.Write(ulong.MaxValue, longest)));
    }
}
