using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Orleans.Counter.Cli.Processes;

/// <summary>The ports behind a local service. They stay the same from run to run, as long as nobody else takes them.</summary>
/// <param name="Blob">Of the storage.</param>
/// <param name="Queue">Of the storage.</param>
/// <param name="Table">Of the storage.</param>
/// <param name="Hub">Of the event hub.</param>
/// <param name="Silos">Of the silos, the first one first.</param>
internal sealed record LocalPorts(int Blob, int Queue, int Table, int Hub, IReadOnlyList<SiloPorts> Silos)
{
    // Below the ranges from which Linux (32768) and macOS (49152) give ports to outgoing connections: a port out of those may be gone
    // in the moment in which its process is restarted.
    private const int First = 20_000;
    private const int Count = 10_000;

    /// <summary>The ports of the run before where they are free, and new ones where they are not; remembered in the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="taken">The ports on which the service will answer; nobody listens there yet.</param>
    /// <param name="silos">How many silos there will be.</param>
    public static LocalPorts Choose(string path, IEnumerable<int> taken, int silos)
    {
        // The file of a run with fewer silos, or of a version that knew only one, says less: what it does not say is chosen now.
        var before = File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path), LocalJson.Default.LocalPorts) : null;
        var chosen = taken.ToHashSet();
        var ports = new LocalPorts(Next(before?.Blob), Next(before?.Queue), Next(before?.Table), Next(before?.Hub), [.. Enumerable.Range(0, silos).Select(OfSilo)]);
        File.WriteAllText(path, JsonSerializer.Serialize(ports, LocalJson.Default.LocalPorts));
        return ports;

        SiloPorts OfSilo(int index)
        {
            var wish = before?.Silos?.ElementAtOrDefault(index);
            return new(Next(wish?.Silo), Next(wish?.Gateway));
        }

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

/// <summary>Where a silo listens, besides HTTP.</summary>
/// <param name="Silo">For other silos.</param>
/// <param name="Gateway">For Orleans clients.</param>
internal sealed record SiloPorts(int Silo, int Gateway);
