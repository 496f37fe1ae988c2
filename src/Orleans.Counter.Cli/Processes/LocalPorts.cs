using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Orleans.Counter.Cli.Processes;

/// <summary>The ports behind a local service. They stay the same from run to run, as long as nobody else takes them.</summary>
internal sealed record LocalPorts(int Blob, int Queue, int Table, int Hub, int Silo, int Gateway)
{
    // Below the ranges from which Linux (32768) and macOS (49152) give ports to outgoing connections: a port out of those may be gone
    // in the moment in which its process is restarted.
    private const int First = 20_000;
    private const int Count = 10_000;

    /// <summary>The ports of the run before where they are free, and new ones where they are not; remembered in the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="taken">The port on which the service will answer; nobody listens there yet.</param>
    public static LocalPorts Choose(string path, int taken)
    {
        var before = File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path), LocalJson.Default.LocalPorts) : null;
        var chosen = new HashSet<int> { taken };
        var ports = new LocalPorts(Next(before?.Blob), Next(before?.Queue), Next(before?.Table), Next(before?.Hub), Next(before?.Silo), Next(before?.Gateway));
        File.WriteAllText(path, JsonSerializer.Serialize(ports, LocalJson.Default.LocalPorts));
        return ports;

        int Next(int? wish)
        {
            if (wish is { } port && IsFree(port) && chosen.Add(port)) return port;
            return FreePorts().First(chosen.Add);
        }
    }

    /// <summary>Free ports in no order, so that two who look at the same time rarely find the same.</summary>
    public static IEnumerable<int> FreePorts()
    {
        var start = Random.Shared.Next(Count);
        return Enumerable.Range(0, Count).Select(i => First + (start + i) % Count).Where(IsFree);
    }

    /// <summary>True if nobody listens on this port of the local machine, neither by IPv4 nor by IPv6.</summary>
    public static bool IsFree(int port) => IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port));

    private static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode is SocketError.AddressNotAvailable; // IPv6 is compiled in but switched off: nobody can listen there
        }
    }
}
