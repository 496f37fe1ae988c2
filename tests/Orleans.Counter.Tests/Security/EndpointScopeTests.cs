using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Counter.Http;
using Orleans.Counter.Security;
using Orleans.Counter.Tests.Ingest;
using Orleans.Dashboard;
using Xunit;

namespace Orleans.Counter.Tests.Security;

/// <summary>Who may call which endpoint. An endpoint that is not in the table fails the test: whoever adds one says here whom it is for.</summary>
public sealed class EndpointScopeTests(EndpointScopeTests.Running running) : IClassFixture<EndpointScopeTests.Running>
{
    private static readonly Dictionary<string, Scope> Table = new()
    {
        ["GET /health/live"] = Scope.None,
        ["GET /health/ready"] = Scope.None,
        ["GET /health/startup"] = Scope.None,
        ["GET /openapi/v1.json"] = Scope.None,
        ["POST /v1/events"] = Scope.Ingest,
        ["POST /v1/videos/{videoId}/views"] = Scope.Ingest,
        ["GET /v1/videos/{videoId}/count"] = Scope.Read,
        ["GET /v1/videos/{videoId}/stats"] = Scope.Read,
        ["GET /v1/videos/{videoId}/series"] = Scope.Read,
        ["GET /v1/videos/{videoId}/live"] = Scope.Read,
        ["GET /v1/videos/{videoId}"] = Scope.Read,
        ["PUT /v1/videos/{videoId}"] = Scope.Manage,
        ["DELETE /v1/videos/{videoId}"] = Scope.Admin,
        ["GET /v1/channels/{channelId}/count"] = Scope.Read,
        ["GET /v1/channels/{channelId}/series"] = Scope.Read,
        ["GET /v1/top"] = Scope.Read,
        ["POST /v1/counts"] = Scope.Read,
        ["GET /v1/audit"] = Scope.Admin,
        ["POST /v1/admin/corrections"] = Scope.Admin,
        ["GET /v1/admin/deadletters"] = Scope.Admin,
        ["GET /v1/admin/deadletters/{id}"] = Scope.Admin,
        ["POST /v1/admin/deadletters/{id}/replay"] = Scope.Admin,
        ["DELETE /v1/admin/deadletters/{id}"] = Scope.Admin,
        ["POST /v1/admin/history"] = Scope.Admin,
        ["POST /v1/admin/recount"] = Scope.Admin,
        ["GET /v1/admin/operations/{id}"] = Scope.Admin,
        ["GET /v1/admin/rollups"] = Scope.Admin,
        ["GET /v1/session"] = Scope.Read,
        ["POST /v1/session"] = Scope.Read,
        ["DELETE /v1/session"] = Scope.None,
        ["GET /"] = Scope.None,
        ["GET /chart.js"] = Scope.None,
        ["GET /icon.svg"] = Scope.None,
        ["GET /page.css"] = Scope.None,
        ["GET /page.js"] = Scope.None,
        ["GET /service.js"] = Scope.None,
        ["GET /uplot/LICENSE.txt"] = Scope.None,
        ["GET /uplot/uPlot.iife.min.js"] = Scope.None,
        ["GET /uplot/uPlot.min.css"] = Scope.None,
        ["GET /dashboard"] = Scope.Admin,
        ["GET /dashboard/index.html"] = Scope.Admin,
        ["GET /dashboard/favicon.ico"] = Scope.Admin,
        ["GET /dashboard/index.min.js"] = Scope.Admin,
        ["GET /dashboard/index.css"] = Scope.Admin,
        ["GET /dashboard/fonts/{**path}"] = Scope.Admin,
        ["GET /dashboard/img/{**path}"] = Scope.Admin,
        ["GET /dashboard/version"] = Scope.Admin,
        ["GET /dashboard/DashboardCounters"] = Scope.Admin,
        ["GET /dashboard/ClusterStats"] = Scope.Admin,
        ["GET /dashboard/LifecycleStages"] = Scope.Admin,
        ["GET /dashboard/Reminders"] = Scope.Admin,
        ["GET /dashboard/Reminders/{page:int}"] = Scope.Admin,
        ["GET /dashboard/HistoricalStats/{*path}"] = Scope.Admin,
        ["GET /dashboard/SiloMetadata/{*address}"] = Scope.Admin,
        ["GET /dashboard/SiloProperties/{*address}"] = Scope.Admin,
        ["GET /dashboard/SiloStats/{*address}"] = Scope.Admin,
        ["GET /dashboard/SiloCounters/{*address}"] = Scope.Admin,
        ["GET /dashboard/GrainStats/{*grainName}"] = Scope.Admin,
        ["GET /dashboard/TopGrainMethods"] = Scope.Admin,
        ["GET /dashboard/GrainState"] = Scope.Admin,
        ["GET /dashboard/GrainTypes"] = Scope.Admin,
        ["GET /dashboard/Trace"] = Scope.Admin,
    };

    [Fact]
    public void Every_endpoint_is_in_the_table() => Assert.Equal(Table.Keys.Order(StringComparer.Ordinal), running.Endpoints.Order(StringComparer.Ordinal));

    [Fact]
    public async Task Every_endpoint_answers_those_with_its_scope_and_nobody_else()
    {
        foreach (var (endpoint, scope) in Table)
        {
            var expected = scope is Scope.None ? "open" : "closed";
            Assert.Equal((endpoint, expected), (endpoint, await running.Ask(endpoint, Scope.None) is HttpStatusCode.Unauthorized ? "closed" : "open"));
            foreach (var held in Scopes.Each)
            {
                var status = await running.Ask(endpoint, held);
                var isOpen = status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden);
                Assert.Equal((endpoint, held, scope is Scope.None || held == scope), (endpoint, held, isOpen));
                if (!isOpen) Assert.Equal((endpoint, held, HttpStatusCode.Forbidden), (endpoint, held, status));
            }
        }
    }

    /// <summary>All endpoints of the service, with nothing behind them: whoever is let in gets 500.</summary>
    public sealed class Running : IAsyncLifetime
    {
        private readonly MemoryKeys _keys = new();
        private WebApplication _app = null!;
        private HttpClient _http = null!;
        private Dictionary<Scope, string> _held = null!;

        public IReadOnlyList<string> Endpoints =>
        [
            .. _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(endpoint =>
                (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["ANY"]).Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}")),
        ];

        public async ValueTask InitializeAsync()
        {
            var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0", "--Auth:Mode=ApiKey"]);
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<TimeProvider>(new WatchedTime()).AddSingleton<IKeyStore>(_keys);
            builder.AddHttp();
            builder.AddApiDocument();
            var service = typeof(Scopes).Assembly;
            foreach (var type in service.GetTypes().Append(typeof(IGrainFactory)).Where(type => !type.IsGenericTypeDefinition && (type.IsInterface || type.IsClass)))
                builder.Services.TryAdd(ServiceDescriptor.Singleton(type, _ => throw new InvalidOperationException($"There is no {type} here.")));
            builder.Services.AddSingleton(typeof(DashboardOptions).Assembly.GetType("Orleans.Dashboard.EmbeddedAssetProvider", throwOnError: true)!); // its endpoints need it to be mapped
            _app = builder.Build();
            _app.UseHttp();
            foreach (var map in service.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)).Where(IsMap))
                map.Invoke(null, [_app]);
            _held = Scopes.Each.ToDictionary(scope => scope, scope => _keys.Secret(scope));
            await _app.StartAsync();
            _http = new() { BaseAddress = new(_app.Urls.First()) };
        }

        /// <summary>Calls with a key that has this scope; with none: without a key.</summary>
        internal async Task<HttpStatusCode> Ask(string endpoint, Scope held)
        {
            var (method, path) = (endpoint.Split(' ')[0], endpoint.Split(' ')[1]);
            while (path.IndexOf('{', StringComparison.Ordinal) is >= 0 and var start) path = string.Concat(path.AsSpan(0, start), "1", path.AsSpan(path.IndexOf('}', StringComparison.Ordinal) + 1));
            using var request = new HttpRequestMessage(new(method is "ANY" ? "GET" : method), path);
            if (held is not Scope.None) request.Headers.Add(ApiKeyHandler.Header, _held[held]);
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }

        public async ValueTask DisposeAsync()
        {
            _http.Dispose();
            await _app.DisposeAsync();
        }

        // Every stage maps what it has in one such method.
        private static bool IsMap(MethodInfo method) => method.Name.StartsWith("Map", StringComparison.Ordinal) && method.GetParameters() is [{ ParameterType: var given }] && given == typeof(IEndpointRouteBuilder);
    }
}
