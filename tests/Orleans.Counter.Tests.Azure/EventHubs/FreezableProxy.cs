using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Orleans.Counter.Tests.Azure.EventHubs;

/// <summary>
/// A network between a client and a service that can go silent: what is sent into a frozen connection is taken and never delivered, and nobody is told.
/// A connection stays frozen; those that come after a thaw are not.
/// </summary>
internal sealed class FreezableProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> _sockets = [];
    private readonly int _port;
    private readonly Task _accepting;
    private int _frozen;
    private int _accepted;

    public FreezableProxy(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Freezes all connections that there are, and those to come if so asked.</summary>
    public void Freeze(bool futureToo = false) => Volatile.Write(ref _frozen, futureToo ? int.MaxValue : Accepted);

    public void Thaw() => Volatile.Write(ref _frozen, Accepted);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        foreach (var socket in _sockets) socket.Dispose();
        await _accepting;
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _sockets.Add(client);
                _ = Serve(client, Interlocked.Increment(ref _accepted));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task Serve(TcpClient client, int number)
    {
        var service = new TcpClient();
        _sockets.Add(service);
        await service.ConnectAsync(IPAddress.Loopback, _port);
        await Task.WhenAny(Copy(client, service, number), Copy(service, client, number));
        client.Dispose();
        service.Dispose();
    }

    private async Task Copy(TcpClient from, TcpClient to, int number)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var count)
            {
                if (number > Volatile.Read(ref _frozen)) await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One side has gone; the caller closes the other.
        }
    }
}
