using CsCheck;
using Orleans.Counter.Query;
using Xunit;

namespace Orleans.Counter.Tests.Query;

public sealed class GranularityTests
{
    private static readonly Gen<MinuteRange> Range = Gen.Select(Gen.Int[0, 30_000_000], Gen.Int[1, 3_000_000]).Select((from, length) => new MinuteRange(new(from), new(from + length)));

    [Fact]
    public void A_filled_series_has_as_many_points_as_were_promised() =>
        Gen.Select(Gen.OneOf([.. Granularity.All]), Gen.Int[0, 100_000], Gen.Int[1, 20_000]).Sample((granularity, from, length) =>
        {
            var range = new MinuteRange(new(from), new(from + length));
            var points = granularity.Fold([], range, fill: true);
            Assert.Equal(granularity.PointsOf(range), points.Count);
            Assert.All(points, point => Assert.Equal(point.Start, granularity.StartOf(point.Start)));
        });

    [Fact]
    public void The_finest_granularity_fits_and_no_finer_one_does() =>
        Range.Sample(range =>
        {
            var finest = Granularity.Finest(range);
            foreach (var granularity in Granularity.All)
            {
                if (granularity == finest) Assert.True(granularity.PointsOf(range) <= Granularity.PointsMax);
                if (granularity == finest) return;
                Assert.True(granularity.PointsOf(range) > Granularity.PointsMax);
            }
        });

    [Fact]
    public void Points_hold_all_that_the_minutes_hold() =>
        Gen.Select(Gen.OneOf([.. Granularity.All]), Gen.Int[0, 100_000].HashSet[0, 200], Gens.Cell).Sample((granularity, minutes, cell) =>
        {
            var points = granularity.Fold(minutes.Select(minute => (new Minute(minute), cell)), MinuteRange.Everything, fill: false);
            Assert.Equal(minutes.Count * cell.Count, points.Sum(point => point.Cell.Count));
            Assert.Equal(points.OrderBy(point => point.Start), points);
        });
}
