namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>The road between a store and the blobs: counts what passes, and loses the answers that it is told to lose.</summary>
internal sealed class BlobRoad(StorageAccount account, Func<int, bool>? losesAnswers = null) : Orleans.Counter.Cli.Chaos.StorageRoad(account.BlobPort)
{
    private int _requests;
    private int _writes;
    private int _lost;

    /// <summary>The account as it is reached by this road.</summary>
    public StorageAccount Account => account with { BlobPort = Port };

    /// <summary>How many requests have passed.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>How many answers were lost.</summary>
    public int Lost => Volatile.Read(ref _lost);

    /// <summary>Called before a request goes on: what happens meanwhile.</summary>
    public Func<int, Task>? Meanwhile { get; set; }

    protected override async Task Carry(Request request)
    {
        if (Meanwhile is { } meanwhile) await meanwhile(Requests);
        Interlocked.Increment(ref _requests);
        var isLost = request.IsWrite && losesAnswers?.Invoke(Interlocked.Increment(ref _writes) - 1) is true;
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
