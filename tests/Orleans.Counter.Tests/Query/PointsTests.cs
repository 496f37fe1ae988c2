using CsCheck;
using NodaTime;
using Orleans.Counter.Query;
using Xunit;

namespace Orleans.Counter.Tests.Query;

public sealed class PointsTests
{
    private static readonly Gen<WallClock> Clock = Gen.OneOf([.. DateTimeZoneProviders.Tzdb.Ids]).Select(zone => WallClock.Of(zone)!);

    private static readonly Gen<Points> Some =
        from clock in Clock
        from granularity in Gen.OneOf([.. Granularity.All])
        from range in Gen.Select(Gen.Int[0, 40_000_000], Gen.Int[1, 20_000]).Select((first, length) => new MinuteRange(new(first), new(first + length)))
        from fill in Gen.Bool
        select new Points(new(range, granularity, clock), fill);

    [Fact]
    public void The_finest_granularity_fits_and_no_finer_one_does() =>
        Gen.Select(Clock, Gen.Int[0, 30_000_000], Gen.Int[1, 3_000_000]).Sample((clock, from, length) =>
        {
            var range = new MinuteRange(new(from), new(from + length));
            var finest = Granules.Finest(range, clock)!;
            foreach (var granularity in Granularity.All)
            {
                var granules = new Granules(range, granularity, clock).All.Take(Granules.Max + 1).Count();
                if (granularity == finest.Granularity) Assert.True(granules <= Granules.Max);
                if (granularity == finest.Granularity) return;
                Assert.True(granules > Granules.Max);
            }
        });

    [Fact]
    public void Points_hold_all_that_the_cells_hold_each_in_the_granule_of_its_minute() =>
        Gen.Select(Some, Gen.Double[0, 1].Array[0, 100], Gens.Cell).Sample((points, places, cell) =>
        {
            var granules = points.Granules;
            Minute[] minutes = [.. places.Select(place => granules.Range.From.Number + (int)(place * (granules.Range.Length - 1))).Distinct().Order().Select(minute => new Minute(minute))];
            var fold = new Fold(granules);
            foreach (var minute in minutes) fold.Add(minute, cell);

            var answer = points.Of(fold.Cells);

            var counted = granules.All.Select(granule => (granule.From.Start, Cells: minutes.Count(granule.Contains))).Where(granule => points.Fill || granule.Cells > 0);
            Assert.Equal(counted.Select(granule => (granule.Start, cell.Count * granule.Cells)), answer.Select(point => (point.Start.ToUniversalTime(), point.Count)));
            Assert.All(answer, point => Assert.Equal(point.Count == 0, point.Min is null && point.Max is null));
        });

    [Fact]
    public void A_quarter_hour_is_cut_where_a_granule_or_the_range_begins_or_ends_inside_it() =>
        Some.Sample(points =>
        {
            var granules = points.Granules;
            int[] cuts = [granules.Range.From.Number, granules.Range.To.Number, .. granules.All.Skip(1).Select(granule => granule.From.Number)];

            Assert.Equal(cuts.Any(cut => cut % QuarterCell.Minutes != 0), granules.CutQuarters(granules.Range));
        });
}
