using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Counter.Security;
using Orleans.Counter.Tests.Http;
using Orleans.Counter.Tests.Security;
using Xunit;

namespace Orleans.Counter.Tests.Fuzz;

/// <summary>
/// Requests that nobody should send, by the thousand, made from the document and drawn from a seed. COUNTER_SEED draws others; COUNTER_LONG=1 sends ten times as many.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const string Page = "https://www.example.com";
    private const int Senders = 4;

    // What is refused unread, is read away only as far as its endpoint would have read it; then the server ends the connection.
    private const int SmallBody = 4 * 1024;

    private static readonly int Requests = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1" ? 200_000 : 20_000;
    private static readonly int Seed = Environment.GetEnvironmentVariable("COUNTER_SEED") is { Length: > 0 } seed ? int.Parse(seed, CultureInfo.InvariantCulture) : 1;

    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentDictionary<string, int> _answers = new();
    private readonly EventLedger _ledger = new();
    private long _accepted;
    private int _number = -1;

    private static readonly byte[] FirstPage = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "wwwroot", "index.html"));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_comes_is_answered_as_the_document_says_and_what_was_accepted_is_counted()
    {
        var known = new MemoryKeys();
        string[] keys = [known.Secret(Scopes.All), known.Secret(Scope.Manage), known.Publishable(Page)];
        using var seen = new Overheard(traces: false);
        await using var service = await WholeService.Start(
            builder =>
            {
                builder.Services.AddSingleton<IKeyStore>(known); // There before the service is: a new key is good within two seconds only.
                builder.Configuration.AddJsonFile(Path.Combine(Repository.Folder, "src", "Orleans.Counter.Service", "appsettings.json"));
                builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddProvider(seen);
            },
            ("Auth:Mode", "ApiKey"), ("Limits:KeyRequestsPerSecond", "1000000"), ("Limits:AddressRequestsPerSecond", "1000000"));

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(() => Send(service.Port, keys), Stop)));

        output.WriteLine($"{Requests} requests of seed {Seed}: {string.Join(", ", _answers.OrderByDescending(one => one.Value).Select(one => $"{one.Value} {one.Key}"))}");
        Assert.True(_faults.IsEmpty, $"{_faults.Count} of {Requests} requests of seed {Seed} were not answered as they should be. The first:\n{string.Join("\n\n", _faults.Take(5))}");
        await AddsUp(service, keys[0]);
        Assert.Equal([], seen.Errors);
        Assert.DoesNotContain(seen.Lines, line => line.Contains(Odd.Mark, StringComparison.Ordinal));
        Assert.Superset(new HashSet<string> { "202", "200", "204", "400 malformed_body", "401 unauthenticated", "403 forbidden", "404 not_found", "405 method_not_allowed", "413 body_too_large", "415 unsupported_media_type" }, _answers.Keys.ToHashSet());
    }

    private async Task Send(int port, string[] keys)
    {
        var maker = new RequestMaker(keys);
        RawConnection? connection = null;
        var (isClean, before) = (true, default(FuzzRequest));
        try
        {
            while (Interlocked.Increment(ref _number) is var number && number < Requests && _faults.Count < 20)
            {
                var random = new Random(unchecked((Seed * 1_000_003) + number));
                var (request, events) = random.Next(8) == 0 ? EventLedger.Make(keys[0], random, number) : (maker.Make(random), []);
                var bytes = request.Bytes(random);
                if (connection is not { IsOpen: true } || !isClean)
                {
                    connection?.Dispose();
                    connection = await RawConnection.Open(port, Stop);
                }

                if (await Fault(connection, request, bytes, events) is { } fault) _faults.Enqueue($"Number {number}: {fault}\n{request}\nBefore it on this connection: {before}");
                isClean = request is { IsHttp: true, IsComplete: true, Framing: not Framing.BrokenChunks, Body: null or { Length: < SmallBody } }; // Otherwise nobody knows where the next one begins.
                before = request;
            }
        }
        finally
        {
            connection?.Dispose();
        }
    }

    private async Task<string?> Fault(RawConnection connection, FuzzRequest request, byte[] bytes, IReadOnlyList<(string Video, string Type)> events)
    {
        using var hangs = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        hangs.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            var answer = await connection.Ask(bytes, isHead: request.Method is "HEAD", request.IsComplete, hangs.Token);
            if (answer is null) return request.IsComplete && request.IsHttp ? "the connection was ended instead of an answer" : null;
            _ledger.Note(events, answer);
            return Fault(request, answer);
        }
        catch (OperationCanceledException) when (!Stop.IsCancellationRequested)
        {
            return "there was no answer for a minute";
        }
        catch (EndOfStreamException) when (request.Framing is not (Framing.Length or Framing.Chunks))
        {
            return Count("broken off, as the request was");
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or JsonException or FormatException)
        {
            return exception.Message;
        }
    }

    private string? Fault(FuzzRequest request, RawAnswer answer)
    {
        var isOfTheServer = (!request.IsHttp || answer.Status is 414) && answer.Body.Length is 0 && answer.Status is 400 or 405 or 408 or 411 or 413 or 414 or 417 or 431 or 501 or 505;
        if (isOfTheServer && answer.Header("X-Content-Type-Options") is null) return Count("refused by the server itself");
        if (answer.Header("X-Content-Type-Options") is not "nosniff" || answer.Header("Content-Security-Policy") is null || answer.Header("Cache-Control") is null || answer.Header("Referrer-Policy") is null)
            return $"the answer {answer.Status} lacks a header for browsers";
        if (answer.Header("Server") is not null) return "the answer says what server this is";
        if (answer.Status >= 500) return $"{answer.Status}: {System.Text.Encoding.UTF8.GetString(answer.Body)}";
        if (request.Method is "HEAD") return answer.Status >= 400 && answer.MediaType is "application/problem+json" ? Count($"{answer.Status} to HEAD") : $"HEAD is answered {answer.Status}";
        if (request.Method is "OPTIONS" && answer.Status is 204) return Count("204 to OPTIONS");

        if (answer.MediaType is "text/html") return answer.Status is 200 && answer.Body.AsSpan().SequenceEqual(FirstPage) ? Count("the page") : $"{answer.Status} with a text that is not the page";

        var body = answer.MediaType is "text/event-stream" || answer.Body.Length is 0 ? null : JsonNode.Parse(answer.Body, documentOptions: new() { AllowDuplicateProperties = false });
        if (answer.Status is 202 && body!["accepted"] is { } accepted) Interlocked.Add(ref _accepted, (long)accepted); // Not of a recount.
        return ApiContract.Fault(request.Method, request.Target, new(answer.Status, answer.MediaType, body, name => answer.Header(name) is not null)) ?? Count($"{answer.Status} {(string?)(body as JsonObject)?["code"]}".Trim());
    }

    private string? Count(string answer)
    {
        _answers.AddOrUpdate(answer, 1, (_, count) => count + 1);
        return null;
    }

    // The service still answers, and every event that was accepted is in the log once, and was counted, recognised as a repeat, or set aside.
    private async Task AddsUp(WholeService service, string key)
    {
        await service.Cluster.Stored();
        foreach (var ((video, type), accepted) in _ledger.Accepted)
            Assert.Equal((video, type, accepted), (video, type, (long)(await service.Ask("GET", $"/v1/videos/{video}/count?type={type}", $"X-Api-Key: {key}")).Body!["count"]!));
        var audit = (await service.Ask("GET", "/v1/audit", $"X-Api-Key: {key}")).Body!;
        Assert.Equal((_accepted, 0L, 0L), ((long)audit["accepted"]!, (long)audit["inFlight"]!, (long)audit["difference"]!));
        Assert.True(_ledger.Accepted.Values.Sum() > Requests / 100);
    }
}
