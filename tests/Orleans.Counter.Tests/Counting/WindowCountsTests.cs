using CsCheck;
using Orleans.Counter.Counting;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>What a video keeps for the top lists.</summary>
public sealed class WindowCountsTests
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("hour", "2026-11-25T10:59:00Z", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z")]
    [InlineData("day", "2026-11-25T23:59:00Z", "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z")]
    [InlineData("week", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z")]
    [InlineData("week", "2026-11-29T23:59:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z")]
    [InlineData("week", "1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z")]
    public void A_window_holds_its_first_minute_and_not_its_end_and_weeks_begin_on_monday(string length, string minute, string start, string end)
    {
        var window = TopWindow.Of(Enum.Parse<WindowLength>(length, ignoreCase: true), Minute.Of(Time(minute)));

        Assert.Equal((Time(start), Time(end)), (window.Start, window.End));
        Assert.Equal(window, TopWindow.Of(window.Length, Minute.Of(window.End.AddMinutes(-1))));
        Assert.Equal(window.Next, TopWindow.Of(window.Length, Minute.Of(window.End)));
    }

    [Fact]
    public void The_three_newest_windows_hold_what_was_counted_in_them_in_whatever_order_it_came() =>
        Gen.Select(Gens.Type, Gen.Int[0, 60 * 24 * 30], Gen.Int[1, 9]).Array[1, 60].Sample(events =>
        {
            var counts = new WindowCounts([]);
            foreach (var (type, minute, count) in events)
            {
                counts.Add(type, At(minute), count);
                counts = new(counts.All); // As if its row had been read.
            }

            foreach (var type in events.Select(one => one.Item1).Distinct())
                foreach (var length in TopWindow.Lengths)
                {
                    var sums = events.Where(one => one.Item1 == type).GroupBy(one => TopWindow.Of(length, At(one.Item2))).ToDictionary(window => window.Key, window => (long)window.Sum(one => one.Item3));
                    var newest = sums.Keys.Max(window => window.Number);
                    Assert.Equal(
                        sums.Where(window => window.Key.Number > newest - 3).OrderBy(window => window.Key.Number).Select(window => (window.Key, window.Value)),
                        counts.All.Where(count => count.Type == type && count.Window.Length == length).OrderBy(count => count.Window.Number).Select(count => (count.Window, count.Count)));
                }
        });

    [Fact]
    public void The_last_full_window_is_there_while_events_of_the_next_one_come_ahead_of_their_time()
    {
        var counts = new WindowCounts([]);
        foreach (var minute in (int[])[30, 90, 119, 120, 123]) counts.Add(EventType.View, At(minute), 1);

        var hours = counts.All.Where(count => count.Window.Length == WindowLength.Hour).Select(count => (count.Window.Start, count.Count));
        Assert.Equal([(Monday, 1L), (Monday.AddHours(1), 2), (Monday.AddHours(2), 2)], hours);
    }

    private static Minute At(int minute) => Minute.Of(Monday.AddMinutes(minute));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
