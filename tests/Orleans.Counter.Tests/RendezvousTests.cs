using System.Net;
using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class RendezvousTests
{
    private static readonly Gen<List<SiloAddress>> Silos =
        Gen.Int[1, 65_535].HashSet[1, 12].Select(ports => ports.Select(port => SiloAddress.New(IPAddress.Loopback, port, 0)).ToList());

    private static readonly IReadOnlyList<string> Keys = [.. Shard.All.Select(shard => shard.ToString())];

    [Fact]
    public void Only_the_keys_of_a_silo_that_goes_move() => Gen.Select(Silos, Gen.Int[0, 11]).Sample((silos, number) =>
    {
        var gone = silos[number % silos.Count];
        var rest = silos.Where(silo => silo != gone).ToList();
        Assert.All(Keys, key => Assert.True(rest.Count == 0 || Rendezvous.Home(key, silos)!.Equals(gone) || Rendezvous.Home(key, silos)!.Equals(Rendezvous.Home(key, rest))));
    });

    [Fact]
    public void The_order_in_which_silos_are_known_does_not_matter() => Silos.Sample(silos =>
    {
        Assert.All(Keys, key => Assert.Equal(Rendezvous.Home(key, silos), Rendezvous.Home(key, silos.AsEnumerable().Reverse())));
        Assert.Equal(Rendezvous.Share(Keys, silos), Rendezvous.Share([.. Keys.Reverse()], [.. silos.AsEnumerable().Reverse()]));
    });

    [Fact]
    public void Shards_spread_over_silos_as_chance_would_have_it_and_every_silo_has_some() => Silos.Sample(silos =>
    {
        var counts = Keys.CountBy(key => Rendezvous.Home(key, silos)!).ToDictionary();
        var mean = (double)Keys.Count / silos.Count;
        Assert.All(silos, silo => Assert.InRange(counts[silo], mean - (6 * Math.Sqrt(mean)), mean + (6 * Math.Sqrt(mean))));
    });

    [Fact]
    public void Partitions_are_shared_evenly_and_each_has_one_silo() => Gen.Select(Silos, Gen.Int[0, 64]).Sample((silos, count) =>
    {
        var partitions = Enumerable.Range(0, count).Select(number => $"hub-{number}").ToList();
        var shares = Rendezvous.Share(partitions, silos);
        Assert.Equal(partitions.Order(), shares.Keys.Order());
        Assert.All(silos, silo => Assert.InRange(shares.Values.Count(silo.Equals), count / silos.Count, ((count - 1) / silos.Count) + 1));
    });

    [Fact]
    public void A_silo_that_is_started_again_gets_back_what_it_had() => Silos.Sample(silos =>
    {
        var again = silos.Select((silo, i) => i == 0 ? SiloAddress.New(silo.Endpoint, silo.Generation + 1) : silo).ToList();
        Assert.All(Keys, key => Assert.Equal(Rendezvous.Home(key, silos)!.Endpoint, Rendezvous.Home(key, again)!.Endpoint));
    });

    [Fact]
    public void Without_a_silo_nothing_has_a_home()
    {
        Assert.Null(Rendezvous.Home("6d", []));
        Assert.Empty(Rendezvous.Share(Keys, []));
    }

    /// <summary>Silos of different versions must agree, so this never changes.</summary>
    [Fact]
    public void A_key_has_the_same_home_in_every_version()
    {
        SiloAddress[] silos = [.. Enumerable.Range(1, 4).Select(last => SiloAddress.New(IPAddress.Parse($"10.0.0.{last}"), 11_111, 7))];
        Assert.Equal("2030011123311321", string.Concat(Keys.Take(16).Select(key => Array.IndexOf(silos, Rendezvous.Home(key, silos)))));
    }
}
