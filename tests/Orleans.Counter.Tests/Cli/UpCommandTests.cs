using System.Net;
using System.Net.Sockets;
using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Commands;
using Orleans.Counter.Cli.Processes;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class UpCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--silos", "0", "--silos goes from 1 to 9.")]
    [InlineData("--silos", "10", "--silos goes from 1 to 9.")]
    [InlineData("--port", "65528", "--port goes from 1 to 65527.")] // the ninth silo needs a port, too
    public void What_cannot_be_started_is_refused(string option, string value, string why) =>
        Assert.Equal(why, Assert.Single(UpCommand.Create().Parse([option, value]).Errors).Message);

    [Fact]
    public async Task Nothing_is_started_when_the_port_of_any_silo_is_in_use()
    {
        var first = LocalPorts.FreePorts().First(port => Enumerable.Range(port, 3).All(LocalPorts.IsFree));
        using var somebody = new TcpListener(IPAddress.Loopback, first + 2);
        somebody.Start();

        var refusal = await Assert.ThrowsAsync<CommandFailedException>(() => UpCommand.Create()
            .Parse(["--silos", "3", "--port", $"{first}", "--data", _folder])
            .InvokeAsync(new() { EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken));

        Assert.Contains($"In use already: port {first + 2}.", refusal.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "ports.json")));
    }
}
