using CsCheck;
using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Import;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class ImportPlanTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 10, 5, 59, 999, TimeSpan.Zero);
    private static readonly DateOnly Newest = new(2017, 10, 22);

    private static readonly Gen<TrendingRow> Row =
        from video in Gen.Int[1, 4]
        from day in Gen.Int[0, 9]
        from views in Gen.Long[0, 60]
        from likes in Gen.Long[0, 60]
        select new TrendingRow(VideoId.Parse($"v{video}"), Newest.AddDays(-day * day), views, likes);

    [Fact]
    public void Each_video_type_and_minute_gets_the_sum_of_its_rows_rounded_down_row_by_row() =>
        Gen.Select(Row.Array[0, 40], Gen.Long[1, 15]).Sample((rows, scale) =>
        {
            var plan = new ImportPlan(rows, scale, Start);

            var sent = plan.Events(rows).GroupBy(e => (e.VideoId, e.Type, e.Timestamp!.Value)).ToDictionary(group => group.Key, group => group.LongCount());

            // Written down once more, the other way round: from the sums, with minutes counted by hand.
            var last = new DateTimeOffset(2026, 11, 23, 10, 4, 0, TimeSpan.Zero);
            var dates = rows.Select(row => row.Date).Distinct().OrderDescending().ToList();
            var expected = rows
                .SelectMany(row => new[] { (row, "view", row.Views / scale), (row, "like", row.Likes / scale) })
                .GroupBy(part => (part.row.Video, EventType.Parse(part.Item2), last.AddMinutes(-dates.IndexOf(part.row.Date))))
                .ToDictionary(group => group.Key, group => group.Sum(part => part.Item3));
            Assert.Equal(expected.Where(sum => sum.Value > 0).OrderBy(sum => sum.ToString()), sent.OrderBy(sum => sum.ToString()));
            Assert.Equal(sent.Values.Sum(), plan.Total);
        }, iter: 500);

    [Fact]
    public void No_two_events_of_a_video_and_type_have_the_same_id_even_where_a_day_stands_twice() =>
        Row.Array[0, 40].Sample(rows =>
        {
            var events = new ImportPlan(rows, 3, Start).Events(rows).ToList();
            Assert.Equal(events.Count, events.Select(e => (e.VideoId, e.Type, e.Id)).Distinct().Count());
        }, iter: 500);

    [Fact]
    public void Ids_do_not_depend_on_when_the_import_starts()
    {
        TrendingRow[] rows = [new(VideoId.Parse("kittens"), Newest, 25_000, 10_000), new(VideoId.Parse("kittens"), Newest.AddDays(-3), 10_000, 0)];

        foreach (var start in (DateTimeOffset[])[Start, Start.AddMinutes(9)])
            Assert.Equal(["kittens:2017-10-22:view:0", "kittens:2017-10-22:view:1", "kittens:2017-10-22:like:0", "kittens:2017-10-19:view:0"],
                new ImportPlan(rows, 10_000, start).Events(rows).Select(e => e.Id!));
    }

    [Fact]
    public void More_dates_than_minutes_in_a_week_are_refused_before_anything_is_sent()
    {
        var rows = Enumerable.Range(0, 7 * 24 * 60).Select(day => new TrendingRow(VideoId.Parse("kittens"), Newest.AddDays(-day), 1, 1));

        Assert.Contains("10080 dates", Assert.Throws<CommandFailedException>(() => new ImportPlan(rows, 1, Start)).Message, StringComparison.Ordinal);
    }
}
