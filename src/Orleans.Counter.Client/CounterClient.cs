using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Polly;
using Polly.Timeout;

namespace Orleans.Counter.Client;

/// <summary>Sends events to a counter and asks it for counts.</summary>
/// <remarks>
/// Safe to use from many threads; make one and keep it. A call is one request, and one more for every retry: no answer in
/// <see cref="CounterClientOptions.AttemptTimeout"/>, a failed connection and the statuses 408, 429, 502, 503 and 504 are tried again after an exponential,
/// jittered delay, or after the <c>Retry-After</c> of the answer. A retry sends the same bytes, so no event is counted twice by it.
/// </remarks>
public sealed class CounterClient
{
    /// <summary>The most events that one call may send.</summary>
    public const int EventsMax = 5_000;

    /// <summary>The most minutes of history that one call may set.</summary>
    public const int HistoryMax = 5_000;

    private const string AckHeader = "Counter-Ack";

    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue Lines = new("application/x-ndjson");

    private readonly HttpClient _http;
    private readonly string _address;
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;

    /// <summary>A client of the service at the <see cref="HttpClient.BaseAddress"/> of <paramref name="http"/>, which stays the caller's.</summary>
    /// <param name="http">
    /// Its default headers carry the key, if the service wants one; its <see cref="HttpClient.Timeout"/> should be longer than an attempt.
    /// </param>
    /// <param name="options">How patient to be; by default up to half a minute.</param>
    /// <param name="timeProvider">The clock of timeouts and delays.</param>
    /// <exception cref="ArgumentException"><paramref name="http"/> has no base address.</exception>
    public CounterClient(HttpClient http, CounterClientOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        _http = http;
        _address = http.BaseAddress?.AbsoluteUri.TrimEnd('/') ?? throw new ArgumentException("The HttpClient needs a BaseAddress.", nameof(http));
        _pipeline = Retries.Pipeline(options ?? new(), timeProvider ?? TimeProvider.System);
    }

    /// <summary>Sends 1 to <see cref="EventsMax"/> events, together at most 1 MiB of JSON, and returns when the service has them in its log.</summary>
    /// <remarks>
    /// Costs one request. Events without an id get a random one for this call: its own retries count them once, a further call counts them again.
    /// Events that the service rejects, even if it is all of them, are in the result and not an exception.
    /// </remarks>
    /// <exception cref="CounterException">
    /// The service refused the request as a whole, or there was no good answer after all retries. In the second case
    /// (<see cref="CounterException.IsTransient"/>) the events may be in the log all the same.
    /// </exception>
    /// <exception cref="ArgumentException">No event, more than <see cref="EventsMax"/>, or one whose value is not finite.</exception>
    public async Task<SendResult> SendAsync(IReadOnlyList<CounterEvent> events, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count is 0 or > EventsMax) throw new ArgumentException($"A call sends 1 to {EventsMax} events, not {events.Count}.", nameof(events));

        var body = new PooledBuffer(events.Count * EventsJson.EventBytes);
        EventsJson.Write(body, events);
        using var response = await Answer(() => new(HttpMethod.Post, $"{_address}/v1/events")
        {
            Content = new ReadOnlyMemoryContent(body.Written) { Headers = { ContentType = Json } },
        }, cancellationToken);

        if (response.IsSuccessStatusCode)
        {
            var result = await Read(response, Answers.Default.SendResult, cancellationToken);
            body.Return(); // the service has read all of it: nothing of this call can still be on its way
            return result with { Ack = response.Headers.TryGetValues(AckHeader, out var acks) ? acks.First() : null };
        }
        var problem = await Answers.ReadProblem(response, cancellationToken);
        return problem.Code is "no_valid_event" && problem.Each(Answers.Default.IReadOnlyListRejection) is { } rejected ? new(0, rejected) : throw Answers.Refusal(response.StatusCode, problem);
    }

    /// <summary>Sets 1 to <see cref="HistoryMax"/> minutes of days that the service has never counted anything of from its log, together at most 1 MiB of JSON. Totals follow.</summary>
    /// <remarks>
    /// Costs one request, and the service a transaction for every month of a type of a video that changes; minutes of one video and day belong into one call. The same minutes again change nothing, so a call may
    /// be repeated. Minutes and days that the service does not set, even if it is all of them, are in the result and not an exception.
    /// </remarks>
    /// <param name="minutes">Each once.</param>
    /// <param name="cancellationToken">Ends the call; what was set by then stays.</param>
    /// <exception cref="CounterException">
    /// The service refused the request as a whole, or there was no good answer after all retries. In the second case (<see cref="CounterException.IsTransient"/>) any of the days may be set.
    /// </exception>
    /// <exception cref="ArgumentException">No minute, more than <see cref="HistoryMax"/>, or one with a number that is not finite.</exception>
    public async Task<HistoryResult> ImportHistoryAsync(IReadOnlyList<HistoryMinute> minutes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(minutes);
        if (minutes.Count is 0 or > HistoryMax) throw new ArgumentException($"A call sets 1 to {HistoryMax} minutes, not {minutes.Count}.", nameof(minutes));

        var body = new PooledBuffer(minutes.Count * HistoryLines.LineBytes);
        HistoryLines.Write(body, minutes);
        using var response = await Answer(() => new(HttpMethod.Post, $"{_address}/v1/admin/history")
        {
            Content = new ReadOnlyMemoryContent(body.Written) { Headers = { ContentType = Lines } },
        }, cancellationToken);

        if (response.IsSuccessStatusCode)
        {
            var result = await Read(response, Answers.Default.HistoryResult, cancellationToken);
            body.Return();
            return result;
        }

        var problem = await Answers.ReadProblem(response, cancellationToken);
        return problem.Code is "no_valid_line" && problem.Each(Answers.Default.IReadOnlyListRejectedMinute) is { } rejected ? new(0, 0, rejected, []) : throw Answers.Refusal(response.StatusCode, problem);
    }

    /// <summary>How many events of a type a video had. A video never seen had 0.</summary>
    /// <remarks>Costs one request. With the token of a write, the service holds it up to 5 s; if that is too short, the client asks again.</remarks>
    /// <param name="videoId">The video.</param>
    /// <param name="type">The type of event, such as <see cref="EventType.View"/>.</param>
    /// <param name="from">The first minute that counts; null: since ever.</param>
    /// <param name="to">The first minute that does not count any more; null: no end.</param>
    /// <param name="ack"><see cref="SendResult.Ack"/> of events that the answer must hold; null: it holds what can be seen now.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CounterException">The range is not of whole minutes or empty, or there was no good answer after all retries.</exception>
    public async Task<long> CountAsync(
        VideoId videoId, EventType type, DateTimeOffset? from = null, DateTimeOffset? to = null, string? ack = null, CancellationToken cancellationToken = default) =>
        (await Get($"{_address}/v1/videos/{videoId}/count?type={type}{Range(from, to)}{After(ack)}", Answers.Default.CountAnswer, cancellationToken)).Count;

    /// <summary>How the events of a type spread over a range.</summary>
    /// <remarks>Costs one request; the answer has at most 1,500 points.</remarks>
    /// <param name="videoId">The video.</param>
    /// <param name="type">The type of event, such as <see cref="EventType.View"/>.</param>
    /// <param name="from">The first minute, a whole one.</param>
    /// <param name="to">The minute after the last one, a whole one.</param>
    /// <param name="granularity">What one point covers.</param>
    /// <param name="timeZone">Whose hours, days and months: an IANA name such as <c>Europe/Berlin</c>; null: those of UTC.</param>
    /// <param name="ack"><see cref="SendResult.Ack"/> of events that the answer must hold; null: it holds what can be seen now.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CounterException">The range is bad or has too many points, or there was no good answer after all retries.</exception>
    public Task<Series> SeriesAsync(VideoId videoId, EventType type, DateTimeOffset from, DateTimeOffset to,
        Granularity granularity = Granularity.Auto, string? timeZone = null, string? ack = null, CancellationToken cancellationToken = default)
    {
        var name = granularity.ToString().ToLowerInvariant();
        var zone = timeZone is null ? "" : $"&timeZone={Uri.EscapeDataString(timeZone)}";
        return Get($"{_address}/v1/videos/{videoId}/series?type={type}{Range(from, to)}&granularity={name}{zone}{After(ack)}", Answers.Default.Series, cancellationToken);
    }

    /// <summary>What became of every event that the service has read from its log.</summary>
    /// <remarks>Costs one request, and the service a call to each of its 256 shards.</remarks>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CounterException">There was no good answer after all retries.</exception>
    public Task<Audit> AuditAsync(CancellationToken cancellationToken = default) => Get($"{_address}/v1/audit", Answers.Default.Audit, cancellationToken);

    private async Task<T> Get<T>(string address, JsonTypeInfo<T> shape, CancellationToken cancellationToken)
    {
        using var response = await Answer(() => new(HttpMethod.Get, address), cancellationToken);
        if (!response.IsSuccessStatusCode) throw Answers.Refusal(response.StatusCode, await Answers.ReadProblem(response, cancellationToken));
        return await Read(response, shape, cancellationToken);
    }

    // The last answer, good or bad, after as many retries as it took.
    private async Task<HttpResponseMessage> Answer(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async token =>
            {
                using var message = request();
                return await _http.SendAsync(message, token);
            }, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or TimeoutRejectedException)
        {
            throw new CounterException($"No answer from {_address} after all retries: {failure.Message}", failure);
        }
    }

    private async Task<T> Read<T>(HttpResponseMessage response, JsonTypeInfo<T> shape, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            if (await JsonSerializer.DeserializeAsync(body, shape, cancellationToken) is { } answer) return answer;
        }
        catch (JsonException failure)
        {
            throw new CounterException($"{_address} answered {(int)response.StatusCode}, but not as a counter does: {failure.Message}", failure);
        }
        throw new CounterException(response.StatusCode, null, "The answer is empty.");
    }

    private static string Range(DateTimeOffset? from, DateTimeOffset? to) => Bound("from", from) + Bound("to", to);

    private static string After(string? ack) => ack is null ? "" : $"&ack={Uri.EscapeDataString(ack)}";

    private static string Bound(string name, DateTimeOffset? time) =>
        time is null ? "" : string.Create(CultureInfo.InvariantCulture, $"&{name}={time.Value.UtcDateTime:yyyy-MM-ddTHH:mm:ss.FFFFFFFZ}");
}
