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
        select new Points(range, granularity, clock, fill);

    [Fact]
    public void The_finest_granularity_fits_and_no_finer_one_does() =>
        Gen.Select(Clock, Gen.Int[0, 30_000_000], Gen.Int[1, 3_000_000]).Sample((clock, from, length) =>
        {
            var range = new MinuteRange(new(from), new(from + length));
            var finest = Points.Finest(range, clock, fill: false)!;
            foreach (var granularity in Granularity.All)
            {
                var points = new Points(range, granularity, clock, false).Granules.Take(Points.Max + 1).Count();
                if (granularity == finest.Granularity) Assert.True(points <= Points.Max);
                if (granularity == finest.Granularity) return;
                Assert.True(points > Points.Max);
            }
        });

    [Fact]
    public void Points_hold_all_that_the_cells_hold_each_in_the_granule_of_its_minute() =>
        Gen.Select(Some, Gen.Double[0, 1].Array[0, 100], Gens.Cell).Sample((points, places, cell) =>
        {
            (Minute Minute, Cell Cell)[] cells = [.. places.Select(place => points.Range.From.Number + (int)(place * (points.Range.Length - 1))).Distinct().Order().Select(minute => (new Minute(minute), cell))];

            var answer = points.Of(cells);

            var granules = points.Granules.ToDictionary(granule => granule.From.Start, granule => cells.Where(one => granule.Contains(one.Minute)).Aggregate(Cell.Nothing, (sum, one) => sum + one.Cell));
            Assert.Equal(
                granules.Where(granule => points.Fill || granule.Value.Count > 0).OrderBy(granule => granule.Key).Select(granule => (granule.Key, granule.Value.Count, granule.Value.Sum)),
                answer.Select(point => (point.Start.ToUniversalTime(), point.Count, point.Sum)));
            Assert.All(answer, point => Assert.Equal(point.Count == 0, point.Min is null && point.Max is null));
        });
}
