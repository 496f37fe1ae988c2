using CsCheck;
using Orleans.Counter.Rollup;
using Xunit;

namespace Orleans.Counter.Tests.Rollup;

/// <summary>Which days are due: properties of the arithmetic.</summary>
public sealed class RollupPlanTests
{
    private static readonly Gen<DateTimeOffset> Time = Gen.Long[new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks, new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks].Select(ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
    private static readonly Gen<TimeSpan> Window = Gen.Int[60, 30 * 24 * 60].Select(minutes => TimeSpan.FromMinutes(minutes));

    [Fact]
    public void A_day_is_sealed_when_its_time_has_come_and_the_day_after_it_is_not() => Gen.Select(Time, Window).Sample((now, window) =>
    {
        var plan = new RollupPlan(window, new());
        var day = plan.SealedBy(now);

        Assert.True(plan.SealsAt(day) <= now);
        Assert.True(plan.SealsAt(day.AddDays(1)) > now);
        Assert.Equal(RollupPlan.EndOf(day) + window + TimeSpan.FromDays(1), plan.SealsAt(day));
    });

    [Fact]
    public void No_event_of_a_day_that_was_passed_would_be_counted_by_then() => Gen.Select(Time, Window).Sample((taken, window) =>
    {
        var day = new RollupPlan(window, new()).PassedBy(taken);

        Assert.True(RollupPlan.EndOf(day) <= taken - window - TimeSpan.FromMinutes(10));
        Assert.True(RollupPlan.EndOf(day.AddDays(1)) > taken - window - TimeSpan.FromMinutes(10));
    });

    [Fact]
    public void Days_that_are_archived_at_their_time_are_never_late_and_each_one_that_is_not_is_counted_a_day_later() => Gen.Select(Time, Window, Gen.Int[0, 50]).Sample((now, window, behind) =>
    {
        var plan = new RollupPlan(window, new());
        var through = plan.SealedBy(now);

        Assert.Equal(0, plan.DaysLate(through, now));
        Assert.Equal(0, plan.DaysLate(through, now.AddDays(1)));
        Assert.Equal(behind, plan.DaysLate(through, now.AddDays(1 + behind)));
    });

    [Fact]
    public void Counting_from_the_log_begins_with_the_first_day_that_an_event_of_the_first_message_may_be_of_or_earlier() => Gen.Select(Time, Window, Gen.Int[-400, 400]).Sample((created, window, days) =>
    {
        var plan = new RollupPlan(window, new());
        var oldest = DateOnly.FromDateTime((created - window).UtcDateTime);

        Assert.True(plan.LiveFrom(created, null) <= oldest);
        Assert.True(plan.LiveFrom(created, oldest.AddDays(days)) <= oldest.AddDays(Math.Min(0, days)));
    });
}
