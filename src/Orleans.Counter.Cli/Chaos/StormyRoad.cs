using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Orleans.Counter.Cli.Chaos;

/// <summary>The weather on the roads to the storage, and what it has done so far.</summary>
internal sealed class Weather
{
    private readonly ConcurrentDictionary<FaultKind, long> _hit = [];

    /// <summary>Null: fine.</summary>
    public FaultKind? Now { get; set; }

    /// <summary>How many requests a fault has hit.</summary>
    public long Hit(FaultKind kind) => _hit.GetValueOrDefault(kind);

    public void Hits(FaultKind kind) => _hit.AddOrUpdate(kind, 1, (_, before) => before + 1);
}

/// <summary>Carries what it is given, or does to it what the weather does. Which of the requests it hits is left to chance: when they come is, too.</summary>
internal sealed class StormyRoad(int storagePort, Weather weather) : StorageRoad(storagePort)
{
    private const int LateMillisecondsMax = 5_000;

    protected override async Task Carry(Request request)
    {
        if (weather.Now is not { } kind || !IsHit(kind, request))
        {
            await Answer(request, await Forward(request));
            return;
        }

        weather.Hits(kind);
        switch (kind)
        {
            case FaultKind.AnswersLost:
                (await Forward(request)).Dispose();
                request.Drop();
                break;
            case FaultKind.WritesLate:
                request.Drop();
                await Task.Delay(Random.Shared.Next(LateMillisecondsMax));
                (await Forward(request)).Dispose();
                break;
            case FaultKind.Throttled:
                request.Context.Response.StatusCode =
                    Random.Shared.Next(2) is 0 ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable;
                break;
            case FaultKind.Failing:
                request.Context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                break;
            case FaultKind.Hanging:
                if (Random.Shared.Next(2) is 0) (await Forward(request)).Dispose();
                await Task.Delay(Timeout.InfiniteTimeSpan, request.Context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            default:
                request.Drop();
                break;
        }
    }

    private static bool IsHit(FaultKind kind, Request request) => kind switch
    {
        FaultKind.AnswersLost or FaultKind.WritesLate => request.IsWrite && Random.Shared.Next(2) is 0,
        FaultKind.Closed => true,
        _ => Random.Shared.Next(3) is 0,
    };
}
