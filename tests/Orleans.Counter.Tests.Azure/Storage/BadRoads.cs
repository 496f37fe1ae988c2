using Microsoft.AspNetCore.Http;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>Nothing happens to what travels here.</summary>
internal sealed class GoodRoad(StorageAccount account) : StorageRoad(account)
{
    protected override async Task Carry(Request request) => await Answer(request, await Forward(request));
}

/// <summary>Some writes, chosen by their number, arrive and are done, and the connection ends instead of answering.</summary>
internal sealed class LosesAnswers(StorageAccount account, Func<int, bool> loses) : StorageRoad(account)
{
    private int _writes;
    private int _lost;

    /// <summary>How many answers were lost.</summary>
    public int Lost => Volatile.Read(ref _lost);

    protected override async Task Carry(Request request)
    {
        var isLost = request.IsWrite && loses(Interlocked.Increment(ref _writes) - 1);
        var answer = await Forward(request);
        if (!isLost)
        {
            await Answer(request, answer);
            return;
        }

        answer.Dispose();
        Interlocked.Increment(ref _lost);
        request.Drop();
    }
}

/// <summary>The sender hears nothing, and its transaction arrives late: just before the next one.</summary>
internal sealed class BringsLate(StorageAccount account, Func<int, bool> delays) : StorageRoad(account)
{
    private readonly SemaphoreSlim _oneByOne = new(1);
    private Request? _late;
    private int _writes;

    /// <summary>How many transactions came late.</summary>
    public int Late { get; private set; }

    protected override async Task Carry(Request request)
    {
        if (!request.IsTransaction)
        {
            await Answer(request, await Forward(request));
            return;
        }

        await _oneByOne.WaitAsync();
        try
        {
            if (_late is { } late)
            {
                using var unheard = await Forward(late);
                _late = null;
                Late++;
            }

            if (delays(_writes++))
            {
                _late = request;
                request.Drop();
            }
            else await Answer(request, await Forward(request));
        }
        finally
        {
            _oneByOne.Release();
        }
    }
}

/// <summary>Some requests, reads and writes, do not arrive: the storage says 500 or 503 instead.</summary>
internal sealed class TurnsAway(StorageAccount account, Func<int, bool> turnsAway) : StorageRoad(account)
{
    private int _requests;
    private int _turnedAway;

    /// <summary>How many did not arrive.</summary>
    public int TurnedAway => Volatile.Read(ref _turnedAway);

    protected override async Task Carry(Request request)
    {
        var number = Interlocked.Increment(ref _requests) - 1;
        if (!turnsAway(number))
        {
            await Answer(request, await Forward(request));
            return;
        }

        Interlocked.Increment(ref _turnedAway);
        request.Context.Response.StatusCode = number % 2 == 0 ? StatusCodes.Status500InternalServerError : StatusCodes.Status503ServiceUnavailable;
    }
}


/// <summary>Requests arrive and are done, and nobody says so.</summary>
internal sealed class NeverAnswers(StorageAccount account) : StorageRoad(account)
{
    protected override async Task Carry(Request request)
    {
        using var unheard = await Forward(request);
        await Task.Delay(Timeout.InfiniteTimeSpan, request.Context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    }
}
