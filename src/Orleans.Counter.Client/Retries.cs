using System.Net;
using System.Net.Http.Headers;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Orleans.Counter.Client;

/// <summary>Which failures pass by waiting, and how long to wait for it.</summary>
internal static class Retries
{
    // 502 and 504 come from a proxy whose service is being restarted; 500 is a mistake of the service, which would only be made again.
    public static bool IsTransient(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    public static ResiliencePipeline<HttpResponseMessage> Pipeline(CounterClientOptions options, TimeProvider time)
    {
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        if (options.RetriesMax > 0)
            pipeline.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                    .Handle<HttpRequestException>()
                    .Handle<TimeoutRejectedException>()
                    .HandleResult(answer => IsTransient(answer.StatusCode)),
                MaxRetryAttempts = options.RetriesMax,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true, // so that the clients of a service that comes back do not all come back in the same instant
                Delay = options.RetryDelay,
                MaxDelay = options.RetryDelayMax,
                DelayGenerator = attempt => ValueTask.FromResult(RetryAfter(attempt.Outcome.Result?.Headers.RetryAfter, time)),
            });
        return pipeline.AddTimeout(new TimeoutStrategyOptions { Timeout = options.AttemptTimeout }).Build();
    }

    // Null lets the exponential delay stand.
    private static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, TimeProvider time)
    {
        var wait = header?.Delta ?? header?.Date - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }
}
