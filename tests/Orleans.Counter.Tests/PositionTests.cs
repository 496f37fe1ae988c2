using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class PositionTests
{
    private static readonly Gen<(int Era, long Sequence)> Place = Gen.Select(Gen.Int[0, 2047], Gen.Long[-1, (1L << 52) - 2]);

    [Fact]
    public void A_position_keeps_its_era_and_its_sequence_number() =>
        Place.Sample(place => Position.Of(place.Era, place.Sequence) is var position && position.Era == place.Era && position.SequenceNumber == place.Sequence);

    [Fact]
    public void Positions_are_ordered_by_era_and_then_by_sequence_number() =>
        Gen.Select(Place, Place).Sample((one, other) =>
            Math.Sign(Position.Of(one.Era, one.Sequence).CompareTo(Position.Of(other.Era, other.Sequence))) == Math.Sign(one.CompareTo(other)));

    [Fact]
    public void The_first_message_comes_after_the_start() => Assert.True(Position.Of(0, 0) > Position.Start);

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Position.Of(2048, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Position.Of(0, -2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Position.Of(0, (1L << 52) - 1));
    }
}
