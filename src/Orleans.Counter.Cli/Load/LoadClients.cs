using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Load;

/// <summary>A client of each silo.</summary>
internal sealed class LoadClients(IEnumerable<Uri> urls) : IDisposable
{
    private readonly HttpClient[] _http =
        [.. urls.Select(url => new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = url, Timeout = TimeSpan.FromMinutes(1) })];

    public IReadOnlyList<HttpClient> Http => _http;

    public IReadOnlyList<CounterClient> Clients => field ??= [.. _http.Select(http => new CounterClient(http, LoadRun.Client))];

    public void Dispose()
    {
        foreach (var http in _http) http.Dispose();
    }
}
