using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>The counts in Azure Table storage: one table partition per shard, one transaction for the commits that wait together.</summary>
internal sealed class TableCountStore : ICountStore
{
    private const int ReadsAtOnce = 16;

    private readonly ShardWriter[] _writers;
    private readonly Dictionary<string, TableClient> _reading;
    private readonly Dictionary<string, TableClient> _writing;
    private readonly Patience _patience;

    // The client tries reads again by itself, but never a write: a late commit of one's own would look like somebody else's.
    public TableCountStore(IOptions<StorageOptions> options, Patience patience, StorageInstruments instruments)
        : this(options.Value.Tables(retries: 3), options.Value.Tables(retries: 0), options.Value.TransactionsAtOnce, patience, instruments, TaskScheduler.Default)
    {
    }

    /// <summary>A store on these clients, whose transactions run on this scheduler.</summary>
    public TableCountStore(
        TableServiceClient reading, TableServiceClient writing, int transactionsAtOnce, Patience patience, StorageInstruments instruments, TaskScheduler background)
    {
        _patience = patience;
        _reading = Clients(reading);
        _writing = Clients(writing);
        var running = new SemaphoreSlim(transactionsAtOnce);
        _writers = [.. Shard.All.Select(shard => new ShardWriter(_writing[TableLayout.Table(shard)], running, patience, instruments, background))];
    }

    /// <summary>Makes the tables that do not exist yet.</summary>
    public Task Prepare(CancellationToken cancellationToken) =>
        Task.WhenAll(_writing.Values.Select(table => _patience.Until(_ => table.CreateIfNotExistsAsync(cancellationToken), cancellationToken)));

    public async ValueTask<Versioned<VideoRow>?> ReadVideo(VideoId video, CancellationToken cancellationToken) =>
        await Read(Shard.Of(video), TableLayout.VideoKey(video), cancellationToken) is { } entity ? new(RowCodec.DecodeVideo(entity), Version(entity)) : null;

    public async ValueTask<IReadOnlyList<VideoId>> ReadVideos(Shard shard, VideoId? after, CancellationToken cancellationToken)
    {
        var prefix = TableLayout.VideoKey("");
        var from = after is { } last ? TableLayout.NextVideoKey(last) : prefix;
        var keys = await _patience.Until(
            async _ =>
            {
                // A page may be empty although more come.
                await foreach (var page in Between(shard, from, TableLayout.After(prefix), ["RowKey"], cancellationToken).AsPages())
                    if (page.Values.Count > 0) return page.Values;
                return [];
            },
            cancellationToken);
        return [.. keys.Select(row => VideoId.Parse(row.RowKey[prefix.Length..]))];
    }

    public async ValueTask<Versioned<DayRow>?> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken) =>
        await Read(Shard.Of(video), TableLayout.DayKey(video, type, day), cancellationToken) is { } entity ? new(RowCodec.DecodeDay(entity), Version(entity)) : null;

    public async ValueTask<Versioned<MonthRow>?> ReadMonth(VideoId video, EventType type, DateOnly month, CancellationToken cancellationToken) =>
        await Read(Shard.Of(video), TableLayout.MonthKey(video, type, month), cancellationToken) is { } entity ? new(RowCodec.DecodeMonth(entity), Version(entity)) : null;

    public ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken) =>
        new(_writers[Shard.Of(commit.Row.Video).Number].Commit(commit, version).WaitAsync(cancellationToken));

    public async ValueTask<IReadOnlyList<Versioned<DayRow>>> FindDays(VideoId video, DayRows days, CancellationToken cancellationToken)
    {
        var all = days.Types.SelectMany(type => Enumerable.Range(days.First.DayNumber, days.Last.DayNumber - days.First.DayNumber + 1).Select(day => (Type: type, Day: DateOnly.FromDayNumber(day))));
        List<Versioned<DayRow>> standing = [];
        foreach (var some in all.Chunk(ReadsAtOnce))
            standing.AddRange((await Task.WhenAll(some.Select(day => ReadDay(video, day.Type, day.Day, cancellationToken).AsTask()))).OfType<Versioned<DayRow>>());

        return standing;
    }

    public async ValueTask<IReadOnlyList<VideoId>> ReadChannel(Shard shard, string channelId, CancellationToken cancellationToken)
    {
        var prefix = TableLayout.ChannelKey(channelId, "");
        return [.. (await ReadAll(shard, prefix, ["RowKey"], cancellationToken)).Select(row => VideoId.Parse(row.RowKey[prefix.Length..]))];
    }

    public async ValueTask<Correction?> ReadCorrection(VideoId video, string id, CancellationToken cancellationToken) =>
        await Read(Shard.Of(video), TableLayout.CorrectionKey(video, id), cancellationToken) is { } entity ? RowCodec.DecodeCorrection(entity) : null;

    public async ValueTask<IReadOnlyList<Correction>> ReadCorrections(VideoId video, MinuteRange range, CancellationToken cancellationToken)
    {
        var within = TableClient.CreateQueryFilter($"Minute ge {range.From.Start} and Minute lt {range.To.Start}");
        return [.. (await ReadAll(Shard.Of(video), TableLayout.CorrectionKey(video, ""), null, cancellationToken, within)).Select(RowCodec.DecodeCorrection)];
    }

    public async ValueTask<long> SumCorrections(Shard shard, CancellationToken cancellationToken) =>
        (await ReadAll(shard, "k|", ["Count"], cancellationToken)).Sum(row => row.GetInt64("Count") ?? 0);

    public async ValueTask<long> SumImported(Shard shard, CancellationToken cancellationToken) =>
        (await ReadAll(shard, "v|", [RowCodec.Imported], cancellationToken, $"{RowCodec.Imported} ne 0L")).Sum(row => row.GetInt64(RowCodec.Imported) ?? 0);

    public async ValueTask<Versioned<ShardRow>?> ReadShard(Shard shard, CancellationToken cancellationToken) =>
        await Read(shard, TableLayout.CheckpointKey, cancellationToken) is { } entity ? new(RowCodec.DecodeShard(entity), Version(entity)) : null;

    public async ValueTask<IReadOnlyList<TopList>> ReadTops(Shard shard, CancellationToken cancellationToken) =>
        await Read(shard, TableLayout.TopsKey, cancellationToken) is { } entity ? TopCodec.Decode(entity) : [];

    public async ValueTask<RowVersion> WriteShard(Shard shard, ShardRow row, IReadOnlyList<TopList>? tops, RowVersion? version, CancellationToken cancellationToken)
    {
        var table = _writing[TableLayout.Table(shard)];
        var entity = RowCodec.Encode(shard, row);
        var commit = Guid.NewGuid();
        entity[RowCodec.Commit] = commit;
        List<TableTransactionAction> actions =
        [
            version is { } known ? new(TableTransactionActionType.UpdateReplace, entity, new ETag(known.Value)) : new(TableTransactionActionType.Add, entity),
        ];
        if (tops is not null) actions.Add(new(TableTransactionActionType.UpsertReplace, TopCodec.Encode(shard, tops)));
        return await _patience.Until(
            async attempt =>
            {
                try
                {
                    var answer = await table.SubmitTransactionAsync(actions, cancellationToken);
                    return new RowVersion(answer.Value[0].Headers.ETag.GetValueOrDefault().ToString());
                }
                catch (RequestFailedException conflict) when (conflict.Status is 404 or 409 or 412)
                {
                    // An earlier attempt, whose answer was lost, may have written it. That the row holds the same says nothing: another activation may stand where this one does, with other lists.
                    var stands = attempt > 0 ? await Read(shard, TableLayout.CheckpointKey, cancellationToken) : null;
                    return stands?.GetGuid(RowCodec.Commit) == commit ? Version(stands) : throw new StaleWriterException($"{shard}/{TableLayout.CheckpointKey}");
                }
            },
            cancellationToken);
    }

    public async ValueTask<LogRow?> ReadLog(CancellationToken cancellationToken) =>
        await Read(TableLayout.LogShard, TableLayout.LogKey, cancellationToken) is { } entity ? RowCodec.DecodeLog(entity) : null;

    public async ValueTask<LogRow> AddLog(LogRow row, CancellationToken cancellationToken)
    {
        await _patience.Until(
            async _ =>
            {
                try
                {
                    return await _writing[TableLayout.Table(TableLayout.LogShard)].AddEntityAsync(RowCodec.Encode(row), cancellationToken);
                }
                catch (RequestFailedException stands) when (stands.Status is 409)
                {
                    return null;
                }
            },
            cancellationToken);
        return await ReadLog(cancellationToken) ?? throw new InvalidOperationException("The log row was written, and is gone.");
    }

    public async ValueTask AdvanceLog(LogRow row, CancellationToken cancellationToken)
    {
        var table = _writing[TableLayout.Table(TableLayout.LogShard)];
        await _patience.Until(
            async attempt =>
            {
                var stands = await Read(TableLayout.LogShard, TableLayout.LogKey, cancellationToken);
                var era = stands is null ? -1 : RowCodec.DecodeLog(stands).Era;
                if (attempt > 0 && era == row.Era) return null; // An earlier attempt whose answer was lost.
                if (era != row.Era - 1) throw new StaleWriterException($"The log is of era {era}, and era {row.Era} was to follow");
                return await table.UpdateEntityAsync(RowCodec.Encode(row), stands!.ETag, TableUpdateMode.Replace, cancellationToken);
            },
            cancellationToken);
    }

    private static RowVersion Version(TableEntity entity) => new(entity.ETag.ToString());

    private static Dictionary<string, TableClient> Clients(TableServiceClient service) => TableLayout.Tables.ToDictionary(table => table, service.GetTableClient);

    /// <summary>The rows of a shard whose keys begin so, in order, with these columns or all of them; if there is a further condition, those that keep it.</summary>
    private Task<List<TableEntity>> ReadAll(Shard shard, string prefix, IEnumerable<string>? columns, CancellationToken cancellationToken, string? also = null) => _patience.Until(
        async _ =>
        {
            List<TableEntity> rows = [];
            await foreach (var row in Between(shard, prefix, TableLayout.After(prefix), columns, cancellationToken, also)) rows.Add(row);
            return rows;
        },
        cancellationToken);

    private AsyncPageable<TableEntity> Between(Shard shard, string from, string to, IEnumerable<string>? columns, CancellationToken cancellationToken, string? also = null)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {TableLayout.PartitionKey(shard)} and RowKey ge {from} and RowKey lt {to}");
        if (also is not null) filter = $"{filter} and {also}";
        return _reading[TableLayout.Table(shard)].QueryAsync<TableEntity>(filter, maxPerPage: 1000, columns, cancellationToken);
    }

    private Task<TableEntity?> Read(Shard shard, string rowKey, CancellationToken cancellationToken) => _patience.Until(
        async _ =>
        {
            var found = await _reading[TableLayout.Table(shard)].GetEntityIfExistsAsync<TableEntity>(TableLayout.PartitionKey(shard), rowKey, cancellationToken: cancellationToken);
            return found.HasValue ? found.Value : null;
        },
        cancellationToken);
}
