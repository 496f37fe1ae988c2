using Orleans.Counter.EventHubStreams;
using Orleans.Providers.Streams.Common;
using Xunit;

namespace Orleans.Counter.Tests.EventHubStreams;

/// <summary>What a lane hands out when its consumer begins anew, at the place where it has stored.</summary>
public sealed class StreamLaneTests
{
    private static readonly StreamId Stream = StreamId.Create("letters", "a");

    private readonly StreamLane _lane = new(Stream, after: -1, new LaneLimits(Share: 1 << 20, ItemsPerDelivery: 5_000, WeightPerDelivery: 1 << 20));

    [Fact]
    public void What_was_on_its_way_when_the_consumer_began_anew_is_delivered_again_with_what_followed()
    {
        _lane.Add(Range(-1, 5));
        Assert.Equal(Range(-1, 5).ToString(), Next(Cursor(null)));
        _lane.Add(Range(5, 9));

        Assert.Equal(Range(-1, 9).ToString(), Next(Cursor(-1)));
        Assert.False(_lane.IsBehind);
    }

    [Fact]
    public void What_had_arrived_when_the_consumer_began_anew_is_not_delivered_again()
    {
        _lane.Add(Range(-1, 5));
        Assert.Equal(Range(-1, 5).ToString(), Next(Cursor(null)));
        _lane.Add(Range(5, 9));

        Assert.Equal(Range(5, 9).ToString(), Next(Cursor(5)));
        Assert.False(_lane.IsBehind);
    }

    [Fact]
    public void What_was_on_its_way_does_not_help_a_consumer_that_has_to_go_back_further()
    {
        _lane.Add(Range(-1, 3));
        var cursor = Cursor(null);
        Assert.Equal(Range(-1, 3).ToString(), Next(cursor));
        _lane.Add(Range(3, 5));
        Assert.Equal(Range(3, 5).ToString(), Next(cursor));

        Assert.Null(Next(Cursor(1)));
        Assert.True(_lane.IsBehind);
        Assert.Equal((1, 0), (_lane.Next, _lane.Weight));
    }

    [Fact]
    public void A_cursor_that_is_disposed_of_before_the_next_one_takes_its_place_loses_nothing()
    {
        _lane.Add(Range(-1, 5));
        var cursor = Cursor(null);
        Assert.Equal(Range(-1, 5).ToString(), Next(cursor));
        cursor.Dispose();

        Assert.Equal(Range(-1, 5).ToString(), Next(Cursor(2)));
        Assert.False(_lane.IsBehind);
    }

    private static EventHubRange Range(long after, long last) => new(Stream, after, last, beat: 0, DateTimeOffset.UnixEpoch, [$"{last}"], weight: 10);

    private static string? Next(EventHubCursor cursor) => cursor.MoveNext() ? cursor.GetCurrent(out _)!.ToString() : null;

    private EventHubCursor Cursor(long? token) => new(_lane, token is { } sequenceNumber ? new EventSequenceTokenV2(sequenceNumber) : null);
}
