using System.Net;
using System.Net.Sockets;

namespace Orleans.Counter.Dev;

/// <summary>Accepts connections on 127.0.0.1 and ::1, the same port on both: clients resolve "localhost" to either.</summary>
internal sealed class LoopbackListener : IDisposable
{
    private const int Backlog = 512;
    private const int FreePortTries = 20;

    private readonly List<Socket> _sockets;

    private LoopbackListener(List<Socket> sockets) => _sockets = sockets;

    public int Port => ((IPEndPoint)_sockets[0].LocalEndPoint!).Port;

    /// <exception cref="IOException">The port is taken.</exception>
    public static LoopbackListener Open(int port)
    {
        for (var tries = 1; ; tries++)
        {
            var sockets = new List<Socket>();
            try
            {
                sockets.Add(Bind(IPAddress.Loopback, port));
                if (Socket.OSSupportsIPv6)
                    sockets.Add(Bind(IPAddress.IPv6Loopback, ((IPEndPoint)sockets[0].LocalEndPoint!).Port));
                return new LoopbackListener(sockets);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable && sockets.Count == 1)
            {
                return new LoopbackListener(sockets); // a machine that knows IPv6 but has no ::1
            }
            catch (SocketException e)
            {
                foreach (var socket in sockets)
                    socket.Dispose();

                // The port that was free on 127.0.0.1 may be taken on ::1.
                if (port == 0 && tries < FreePortTries)
                    continue;
                throw new IOException($"Cannot listen on port {port} of this machine: {e.Message}", e);
            }
        }
    }

    /// <summary>Hands every connection to <paramref name="serve"/> until this is disposed.</summary>
    public void Start(Action<Socket> serve)
    {
        foreach (var socket in _sockets)
            _ = Accept(socket, serve);
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    private static async Task Accept(Socket listener, Action<Socket> serve)
    {
        while (true)
        {
            try
            {
                serve(await listener.AcceptAsync().ConfigureAwait(false));
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.OperationAborted)
            {
                return;
            }
            catch (SocketException)
            {
                // The client hung up while it was being accepted, or there are too many open files: the next one may have more luck.
                await Task.Delay(TimeSpan.FromMilliseconds(10)).ConfigureAwait(false);
            }
        }
    }

    private static Socket Bind(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
