using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>What rollup reads and writes in the tables of the counts, and in a table of its own.</summary>
/// <remarks>
/// The answer to a transaction may get lost, and its next attempt then be refused because of itself. Whatever is written here is a function of what was counted, so what stands in the table decides: if it is what was to
/// be written, it is done, by whomever.
/// </remarks>
internal sealed class TableRollupStore : IRollupStore
{
    private const int ReadsAtOnce = 16;

    private readonly Dictionary<string, TableClient> _reading;
    private readonly Dictionary<string, TableClient> _writing;
    private readonly Patience _patience;

    // The client tries reads again by itself, but never a write.
    public TableRollupStore(IOptions<StorageOptions> options, Patience patience)
        : this(options.Value.Tables(retries: 3), options.Value.Tables(retries: 0), patience)
    {
    }

    public TableRollupStore(TableServiceClient reading, TableServiceClient writing, Patience patience) => (_reading, _writing, _patience) = (Clients(reading), Clients(writing), patience);

    /// <summary>Makes the table that does not exist yet; those of the counts are made with the counts.</summary>
    public Task Prepare(CancellationToken cancellationToken) => _patience.Until(_ => _writing[TableLayout.RollupTable].CreateIfNotExistsAsync(cancellationToken), cancellationToken);

    public async ValueTask<IReadOnlyList<VideoId>> FindOpen(Shard shard, int throughHour, CancellationToken cancellationToken)
    {
        var (key, first, after) = (TableLayout.PartitionKey(shard), "v|", TableLayout.After("v|"));
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {key} and RowKey ge {first} and RowKey lt {after} and OpenFrom le {throughHour}");
        return [.. (await Query(_reading[TableLayout.Table(shard)], filter, ["RowKey"], cancellationToken)).Select(row => VideoId.Parse(row.RowKey[first.Length..]))];
    }

    public async ValueTask<DateOnly?> FirstDay(Shard shard, CancellationToken cancellationToken)
    {
        var (key, first, after) = (TableLayout.PartitionKey(shard), "d|", TableLayout.After("d|"));
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {key} and RowKey ge {first} and RowKey lt {after}");
        return await _patience.Until<DateOnly?>(
            async _ =>
            {
                await foreach (var row in _reading[TableLayout.Table(shard)].QueryAsync<TableEntity>(filter, maxPerPage: 1, ["RowKey"], cancellationToken)) return TableLayout.DayAt(row.RowKey);
                return null;
            },
            cancellationToken);
    }

    public async ValueTask<IReadOnlyList<Versioned<DayRow>>> ReadDays(Shard shard, DateOnly day, CancellationToken cancellationToken)
    {
        var prefix = TableLayout.DayPrefix(day);
        return await Read(shard, prefix, TableLayout.After(prefix), RowCodec.DecodeDay, cancellationToken);
    }

    public async ValueTask<IReadOnlyList<Versioned<MonthRow>>> ReadMonths(Shard shard, DateOnly month, CancellationToken cancellationToken)
    {
        var prefix = TableLayout.MonthPrefix(month);
        return await Read(shard, prefix, TableLayout.After(prefix), RowCodec.DecodeMonth, cancellationToken);
    }

    public async ValueTask WriteMonths(Shard shard, IReadOnlyList<(MonthRow Row, RowVersion? Version)> rows, CancellationToken cancellationToken) =>
        await Replace(shard, rows.Select(row => (RowCodec.Encode(row.Row), row.Version)), cancellationToken);

    public async ValueTask MarkArchived(Shard shard, IReadOnlyList<Versioned<DayRow>> rows, CancellationToken cancellationToken) =>
        await Replace(shard, rows.Select(row => (RowCodec.Encode(row.Row with { IsChanged = false }), (RowVersion?)row.Version)), cancellationToken);

    public async ValueTask DeleteDays(Shard shard, IReadOnlyList<Versioned<DayRow>> rows, CancellationToken cancellationToken)
    {
        var table = TableLayout.Table(shard);
        foreach (var some in rows.Chunk(TableLayout.OperationsMax))
        {
            var left = some.Select(row => (Key: TableLayout.DayKey(row.Row.Video, row.Row.Type, row.Row.Day), row.Version)).ToList();
            while (left.Count > 0)
            {
                if (await Submit(table, left.Select(row => Delete(shard, row.Key, row.Version)), cancellationToken) is not null) break;
                var standing = await Standing(table, TableLayout.PartitionKey(shard), left.Select(row => row.Key), cancellationToken);
                left.RemoveAll(row => !standing.ContainsKey(row.Key));
                if (left.FirstOrDefault(row => standing[row.Key].ETag != new ETag(row.Version.Value)) is { Key: { } changed }) throw new StaleWriterException($"{shard}/{changed}");
            }
        }
    }

    public async ValueTask<IReadOnlyList<Versioned<ChangedDay>>> ReadChanged(Shard shard, CancellationToken cancellationToken) =>
        await Read(shard, "u|", TableLayout.After("u|"), entity => new ChangedDay(shard, TableLayout.DayAt(entity.RowKey)), cancellationToken);

    public async ValueTask<IReadOnlyList<Versioned<DayRow>>> ReadChangedDays(Shard shard, DateOnly first, DateOnly last, CancellationToken cancellationToken)
    {
        var (key, from, after) = (TableLayout.PartitionKey(shard), TableLayout.DayPrefix(first), TableLayout.After(TableLayout.DayPrefix(last)));
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {key} and RowKey ge {from} and RowKey lt {after} and Changed eq {true}");
        return [.. (await Query(_reading[TableLayout.Table(shard)], filter, null, cancellationToken)).Select(entity => new Versioned<DayRow>(RowCodec.DecodeDay(entity), Version(entity)))];
    }

    public async ValueTask DeleteChanged(Shard shard, IReadOnlyList<Versioned<ChangedDay>> changed, CancellationToken cancellationToken)
    {
        var table = TableLayout.Table(shard);
        foreach (var some in changed.Chunk(TableLayout.OperationsMax))
        {
            var left = some.Select(day => (Key: TableLayout.ChangedKey(day.Row.Day), day.Version)).ToList();
            while (left.Count > 0 && await Submit(table, left.Select(day => Delete(shard, day.Key, day.Version)), cancellationToken) is null)
            {
                var standing = await Standing(table, TableLayout.PartitionKey(shard), left.Select(day => day.Key), cancellationToken);
                left.RemoveAll(day => !standing.TryGetValue(day.Key, out var stands) || stands.ETag != new ETag(day.Version.Value));
            }
        }
    }

    public async ValueTask<Versioned<GroupRow>?> ReadGroup(Group group, CancellationToken cancellationToken) =>
        (await Standing(TableLayout.RollupTable, group.ToString(), [TableLayout.GroupKey], cancellationToken)).Values.SingleOrDefault() is { } entity ? new(RollupCodec.DecodeGroup(entity), Version(entity)) : null;

    public async ValueTask<RowVersion> WriteGroup(Group group, GroupRow row, RowVersion? version, IReadOnlyList<ArchivedDay> days, CancellationToken cancellationToken)
    {
        TableTransactionAction[] actions =
        [
            InPlaceOf(version, RollupCodec.Encode(group, row)), .. days.Select(day => new TableTransactionAction(TableTransactionActionType.UpsertReplace, RollupCodec.Encode(group, day))),
        ];
        if (await Submit(TableLayout.RollupTable, actions, cancellationToken) is { } written) return written;
        var standing = await Standing(TableLayout.RollupTable, group.ToString(), actions.Select(action => action.Entity.RowKey), cancellationToken);
        return actions.All(action => standing.TryGetValue(action.Entity.RowKey, out var stands) && Same(stands, (TableEntity)action.Entity))
            ? Version(standing[TableLayout.GroupKey]) : throw new StaleWriterException($"{TableLayout.RollupTable}/{group}");
    }

    public async ValueTask<IReadOnlyList<ArchivedDay>> ReadManifest(Group group, DateOnly first, DateOnly last, CancellationToken cancellationToken)
    {
        var (key, from, to) = (group.ToString(), TableLayout.ManifestKey(first), TableLayout.ManifestKey(last));
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {key} and RowKey ge {from} and RowKey le {to}");
        return [.. (await Query(_reading[TableLayout.RollupTable], filter, null, cancellationToken)).Select(RollupCodec.DecodeDay)];
    }

    private static RowVersion Version(TableEntity entity) => new(entity.ETag.ToString());

    private static Dictionary<string, TableClient> Clients(TableServiceClient service) => TableLayout.Tables.Append(TableLayout.RollupTable).ToDictionary(table => table, service.GetTableClient);

    private static TableTransactionAction InPlaceOf(RowVersion? version, TableEntity entity) =>
        version is { } known ? new(TableTransactionActionType.UpdateReplace, entity, new ETag(known.Value)) : new(TableTransactionActionType.Add, entity);

    private static TableTransactionAction Delete(Shard shard, string key, RowVersion version) =>
        new(TableTransactionActionType.Delete, new TableEntity(TableLayout.PartitionKey(shard), key), new ETag(version.Value));

    /// <summary>Writes rows of a shard, each in place of the version that was read, in as many transactions as it takes.</summary>
    private async Task Replace(Shard shard, IEnumerable<(TableEntity Entity, RowVersion? Version)> rows, CancellationToken cancellationToken)
    {
        var table = TableLayout.Table(shard);
        foreach (var some in Together(rows))
        {
            if (await Submit(table, some.Select(row => InPlaceOf(row.Version, row.Entity)), cancellationToken) is not null) continue;
            var standing = await Standing(table, TableLayout.PartitionKey(shard), some.Select(row => row.Entity.RowKey), cancellationToken);
            if (some.FirstOrDefault(row => !standing.TryGetValue(row.Entity.RowKey, out var stands) || !Same(stands, row.Entity)) is { Entity: { } other }) throw new StaleWriterException($"{shard}/{other.RowKey}");
        }
    }

    /// <summary>As many rows at a time as a transaction takes.</summary>
    private static IEnumerable<List<(TableEntity Entity, RowVersion? Version)>> Together(IEnumerable<(TableEntity Entity, RowVersion? Version)> rows)
    {
        var (some, bytes) = (new List<(TableEntity, RowVersion?)>(), 0);
        foreach (var row in rows)
        {
            var size = RowCodec.SizeOf(row.Entity);
            if (some.Count == TableLayout.OperationsMax || (some.Count > 0 && bytes + size > TableLayout.TransactionBytesMax))
            {
                yield return some;
                (some, bytes) = ([], 0);
            }

            some.Add(row);
            bytes += size;
        }

        if (some.Count > 0) yield return some;
    }

    /// <returns>The version of the first row; null if a row is not as it was read, perhaps because an earlier attempt has changed it.</returns>
    private Task<RowVersion?> Submit(string table, IEnumerable<TableTransactionAction> actions, CancellationToken cancellationToken)
    {
        TableTransactionAction[] together = [.. actions];
        return _patience.Until<RowVersion?>(
            async _ =>
            {
                try
                {
                    var answer = await _writing[table].SubmitTransactionAsync(together, cancellationToken);
                    return new RowVersion(answer.Value[0].Headers.ETag.GetValueOrDefault().ToString());
                }
                catch (RequestFailedException conflict) when (conflict.Status is 404 or 409 or 412)
                {
                    return null;
                }
            },
            cancellationToken);
    }

    private async Task<Dictionary<string, TableEntity>> Standing(string table, string partition, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var standing = new Dictionary<string, TableEntity>(StringComparer.Ordinal);
        foreach (var some in keys.Chunk(ReadsAtOnce))
            foreach (var entity in await Task.WhenAll(some.Select(key => Point(table, partition, key, cancellationToken))))
                if (entity is not null) standing[entity.RowKey] = entity;
        return standing;
    }

    private Task<TableEntity?> Point(string table, string partition, string key, CancellationToken cancellationToken) => _patience.Until(
        async _ =>
        {
            var found = await _reading[table].GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken);
            return found.HasValue ? found.Value : null;
        },
        cancellationToken);

    private async Task<IReadOnlyList<Versioned<T>>> Read<T>(Shard shard, string from, string after, Func<TableEntity, T> decode, CancellationToken cancellationToken)
    {
        var key = TableLayout.PartitionKey(shard);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {key} and RowKey ge {from} and RowKey lt {after}");
        return [.. (await Query(_reading[TableLayout.Table(shard)], filter, null, cancellationToken)).Select(entity => new Versioned<T>(decode(entity), Version(entity)))];
    }

    private Task<List<TableEntity>> Query(TableClient table, string filter, IEnumerable<string>? columns, CancellationToken cancellationToken) => _patience.Until(
        async _ =>
        {
            List<TableEntity> rows = [];
            await foreach (var row in table.QueryAsync<TableEntity>(filter, maxPerPage: 1000, columns, cancellationToken)) rows.Add(row);
            return rows;
        },
        cancellationToken);

    /// <summary>True if a row that was read says what one says that was to be written.</summary>
    private static bool Same(TableEntity stands, TableEntity written) =>
        written.All(column => column.Key is "PartitionKey" or "RowKey" || (stands.TryGetValue(column.Key, out var value) && Same(value, column.Value)))
        && stands.Keys.All(column => column is "odata.etag" or "Timestamp" || written.ContainsKey(column));

    private static bool Same(object? one, object? other) => one is byte[] bytes && other is byte[] others ? bytes.AsSpan().SequenceEqual(others) : Equals(one, other);
}
