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
        var first = LocalPorts.Choose(File, taken: 5080);
        Assert.Equal(first, LocalPorts.Choose(File, taken: 5080));
        Assert.Equal(6, new[] { first.Blob, first.Queue, first.Table, first.Hub, first.Silo, first.Gateway }.Distinct().Count());

        using var somebody = new TcpListener(IPAddress.Loopback, first.Hub);
        somebody.Start();
        var second = LocalPorts.Choose(File, taken: 5080);

        Assert.NotEqual(first.Hub, second.Hub);
        Assert.Equal(first with { Hub = second.Hub }, second);
        Assert.NotEqual(first.Blob, LocalPorts.Choose(File, taken: first.Blob).Blob);
    }

    [Fact]
    public void A_port_is_not_free_when_somebody_listens_on_any_address()
    {
        using var somebody = new TcpListener(IPAddress.Any, 0);
        somebody.Start();

        Assert.False(LocalPorts.IsFree(((IPEndPoint)somebody.LocalEndpoint).Port));
    }
}
