using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>The store of the service, in a storage that is real.</summary>
public sealed class TableRollupStoreTests(Azurite azurite) : RollupStoreContract
{
    private protected override async ValueTask<(ICountStore Counts, IRollupStore Rollups)> NewStores() => await (await azurite.NewAccount()).Rollups();
}

/// <summary>All of it once more, on a road that loses the answer to every other write: it was done, and is known to be.</summary>
public sealed class LostRollupAnswerTests(Azurite azurite) : RollupStoreContract, IAsyncDisposable
{
    private LosesAnswers? _road;

    public async ValueTask DisposeAsync()
    {
        if (_road is not null) await _road.DisposeAsync();
    }

    private protected override async ValueTask<(ICountStore Counts, IRollupStore Rollups)> NewStores()
    {
        _road = new(await azurite.NewAccount(), write => write % 2 is 0);
        await _road.Open();
        return await _road.Account.Rollups();
    }
}
