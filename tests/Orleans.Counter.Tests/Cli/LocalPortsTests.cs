using System.Net;
using System.Net.Sockets;
using Orleans.Counter.Cli.Processes;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class LocalPortsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private string File => Path.Combine(_folder, "ports.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Ports_stay_the_same_but_for_one_that_somebody_else_has_taken()
    {
        var first = Choose(silos: 3);
        Assert.Equivalent(first, Choose(silos: 3), strict: true);
        Assert.Equal(10, All(first).Distinct().Count());

        using var somebody = new TcpListener(IPAddress.Loopback, first.Hub);
        somebody.Start();
        var second = Choose(silos: 3);

        Assert.NotEqual(first.Hub, second.Hub);
        Assert.Equivalent(first with { Hub = second.Hub }, second, strict: true);
        var third = LocalPorts.Choose(File, taken: [5080, first.Blob, first.Silos[2].Gateway], silos: 3);
        Assert.Equal([first.Blob, first.Silos[2].Gateway], All(second).Except(All(third)));
    }

    [Fact]
    public void More_silos_than_before_get_ports_of_their_own_and_those_before_keep_theirs()
    {
        var one = Choose(silos: 1);
        var three = Choose(silos: 3);

        Assert.Equal(All(one), All(three).Take(6));
        Assert.Equal(10, All(three).Distinct().Count());
    }

    [Fact]
    public void The_file_of_a_version_that_knew_one_silo_still_says_what_it_can()
    {
        System.IO.File.WriteAllText(File, """{ "blob": 20001, "queue": 20002, "table": 20003, "hub": 20004, "silo": 20005, "gateway": 20006 }""");
        Assert.SkipUnless(Enumerable.Range(20_001, 4).All(LocalPorts.IsFree), "Somebody else has these ports.");

        var ports = Choose(silos: 2);

        Assert.Equal([20_001, 20_002, 20_003, 20_004], All(ports).Take(4));
        Assert.Equal(8, All(ports).Distinct().Count());
    }

    [Fact]
    public void A_port_is_not_free_when_somebody_listens_on_any_address()
    {
        using var somebody = new TcpListener(IPAddress.Any, 0);
        somebody.Start();

        Assert.False(LocalPorts.IsFree(((IPEndPoint)somebody.LocalEndpoint).Port));
    }

    private LocalPorts Choose(int silos) => LocalPorts.Choose(File, taken: [5080], silos);

    private static IEnumerable<int> All(LocalPorts ports) =>
        [ports.Blob, ports.Queue, ports.Table, ports.Hub, .. ports.Silos.SelectMany(silo => new[] { silo.Silo, silo.Gateway })];
}
