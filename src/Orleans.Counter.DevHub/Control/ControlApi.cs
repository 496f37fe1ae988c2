using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Counter.Dev.Faults;

namespace Orleans.Counter.Dev.Control;

/// <summary>How an endpoint is.</summary>
/// <param name="Failed">Partitions that take nothing more.</param>
/// <param name="CaptureWaits">Partitions whose events wait for storage. Everything else goes on without it.</param>
internal sealed record Health(IReadOnlyList<string> Failed, IReadOnlyList<string> CaptureWaits);

/// <summary>How an endpoint is asked how it is, and made to fail: HTTP on 127.0.0.1.</summary>
/// <remarks>
/// The bare server and no web host: a host reads the environment and takes Ctrl-C for itself, and this runs inside of other people's tests.
/// Whoever can reach the port may use it, as all data here is for tests. A browser cannot: a page's requests carry an origin, and are refused.
/// </remarks>
internal sealed class ControlApi : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private readonly KestrelServer _server;

    private ControlApi(KestrelServer server, int port) => (_server, Port) = (server, port);

    public int Port { get; }

    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ControlApi> Start(int port, FaultPlan faults, Func<Health> health, CancellationToken cancellationToken)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Listen(IPAddress.Loopback, port, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        var server = new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance);
        try
        {
            await server.StartAsync(new Application(faults, health), cancellationToken).ConfigureAwait(false);
            var address = server.Features.Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()!.Addresses.Single();
            return new ControlApi(server, new Uri(address).Port);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        _server.Dispose();
    }

    private sealed class Application(FaultPlan faults, Func<Health> health) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }

        public Task ProcessRequestAsync(HttpContext context)
        {
            if (context.Request.Headers.Origin.Count > 0)
                return Answer(context, 403, new { Error = "Not for pages of a browser." });
            string[] path = [.. (context.Request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries)];
            return (context.Request.Method, path) switch
            {
                ("GET", ["health"]) => Tell(context),
                ("GET", ["faults"]) => Answer(context, 200, faults.List()),
                ("POST", ["faults"]) => Add(context),
                ("DELETE", ["faults"]) => Clear(context),
                ("DELETE", ["faults", var id]) => Remove(context, id),
                _ => Answer(context, 404, new { Error = "There are GET /health, GET, POST and DELETE /faults, and DELETE /faults/{id}." }),
            };
        }

        private Task Tell(HttpContext context) => health() switch
        {
            { Failed.Count: > 0 } now => Answer(context, 503, new { Status = "unhealthy", now.Failed }),
            { CaptureWaits.Count: > 0 } now => Answer(context, 200, new { Status = "healthy", now.CaptureWaits }),
            _ => Answer(context, 200, new { Status = "healthy" }),
        };

        private async Task Add(HttpContext context)
        {
            try
            {
                var fault = await context.Request.ReadFromJsonAsync<Fault>(Json).ConfigureAwait(false) ?? throw new JsonException("The fault is missing.");
                await Answer(context, 201, new { Id = faults.Add(fault) }).ConfigureAwait(false);
            }
            catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
            {
                await Answer(context, 400, new { Error = e.Message }).ConfigureAwait(false);
            }
        }

        private Task Remove(HttpContext context, string id) =>
            int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && faults.Remove(number)
                ? Answer(context, 200, new { Removed = number })
                : Answer(context, 404, new { Error = $"There is no fault '{id}'." });

        private Task Clear(HttpContext context)
        {
            faults.Clear();
            return Answer(context, 200, faults.List());
        }

        private static Task Answer<T>(HttpContext context, int status, T body)
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsJsonAsync(body, Json);
        }
    }
}
