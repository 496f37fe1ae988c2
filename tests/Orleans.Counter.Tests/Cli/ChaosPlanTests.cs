using CsCheck;
using Orleans.Counter.Cli.Chaos;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class ChaosPlanTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void The_same_seed_breaks_the_same_at_the_same_times()
    {
        Assert.Equal(ChaosPlan.Draw(10 * Minute, silos: 3, seed: 1), ChaosPlan.Draw(10 * Minute, silos: 3, seed: 1));
        Assert.NotEqual(ChaosPlan.Draw(10 * Minute, silos: 3, seed: 1), ChaosPlan.Draw(10 * Minute, silos: 3, seed: 2));
    }

    [Fact]
    public void Whatever_the_seed_a_minute_has_every_kind_of_fault() => Gen.Int.Sample(seed =>
        Assert.Equal(Enum.GetValues<FaultKind>(), ChaosPlan.Draw(Minute, silos: 3, seed).Select(fault => fault.Kind).Distinct().Order()));

    [Fact]
    public void All_faults_are_over_when_the_load_is_and_come_in_order() => Gen.Int.Select(Gen.Int[1, 20]).Sample((seed, minutes) =>
    {
        var faults = ChaosPlan.Draw(minutes * Minute, silos: 3, seed);
        Assert.All(faults, fault => Assert.True(fault.At + fault.Lasts <= minutes * Minute));
        Assert.Equal(faults.Select(fault => fault.At).Order(), faults.Select(fault => fault.At));
    });

    [Fact]
    public void The_weather_is_one_at_a_time_and_so_are_silos_that_stand_still() => Gen.Int.Sample(seed =>
    {
        var faults = ChaosPlan.Draw(10 * Minute, silos: 3, seed);
        Alternate(faults.Where(fault => fault.Kind > FaultKind.HubKilled));
        Alternate(faults.Where(fault => fault.Kind is FaultKind.SiloFrozen));

        static void Alternate(IEnumerable<Fault> faults)
        {
            var all = faults.ToList();
            foreach (var (before, after) in all.Zip(all.Skip(1))) Assert.True(before.At + before.Lasts < after.At);
        }
    });

    [Fact]
    public void Silos_are_killed_every_ten_to_twenty_seconds_and_each_is_at_some_time()
    {
        var kills = ChaosPlan.Draw(10 * Minute, silos: 3, seed: 1).Where(fault => fault.Kind is FaultKind.SiloKilled).ToList();

        Assert.All(kills.Zip(kills.Skip(1)), pair => Assert.InRange((pair.Second.At - pair.First.At).TotalSeconds, 10, 20));
        Assert.Equal([1, 2, 3], kills.Select(kill => kill.Silo).Distinct().Order());
    }
}
