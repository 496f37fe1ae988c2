using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using Azure;
using Azure.Core;
using Azure.Data.Tables;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>A storage account of tables behind a bad network: transactions happen whole or not at all, and answers come late, wrong or never.</summary>
internal sealed partial class SimTables(World world, Faults faults)
{
    private readonly Dictionary<(string Table, string PartitionKey, string RowKey), TableEntity> _rows = [];
    private readonly Dictionary<string, DateTimeOffset> _awayUntil = [];
    private long _writes;

    public IEnumerable<TableEntity> Rows(string rowKeyPrefix) => _rows.Where(row => row.Key.RowKey.StartsWith(rowKeyPrefix, StringComparison.Ordinal)).Select(row => row.Value);

    public TableEntity? Row(string table, string partitionKey, string rowKey) => _rows.GetValueOrDefault((table, partitionKey, rowKey));

    /// <summary>What an operator does by hand.</summary>
    public void Put(string table, TableEntity row) => _rows[(table, row.PartitionKey, row.RowKey)] = row;

    /// <summary>One table is away for a while; the others are not.</summary>
    public void Away(string table, TimeSpan time) => _awayUntil[table] = world.Now + time;

    public TableServiceClient Client() => new Service(this);

    /// <summary>A request: on its way, there, and on its way back. Whatever it does there it does at one moment, whether or not anybody still waits for the answer.</summary>
    private Task<T> Ask<T>(string table, Func<T> effect)
    {
        var answer = new TaskCompletionSource<T>();
        world.After(world.UpTo(faults.StorageDelay), () =>
        {
            if (!world.IsCalm && _awayUntil.TryGetValue(table, out var until) && world.Now < until) Refuse(503);
            else if (world.Chance(faults.Refused)) Refuse(world.Any([429, 500, 503]));
            else if (world.Chance(faults.LateEffect))
            {
                world.After(world.UpTo(faults.Late), () => Try(effect)); // The client has given up by now, the service has not.
                Fail(new TaskCanceledException("The storage did not answer in time."));
            }
            else
            {
                var (result, error) = Try(effect);
                if (world.Chance(faults.AnswerLost)) Fail(new RequestFailedException(world.Any([0, 500]), "The answer was lost."));
                else if (error is not null) Fail(error);
                else world.After(world.UpTo(faults.StorageDelay), () => answer.SetResult(result!));
            }
        });
        return answer.Task;

        void Refuse(int status) => Fail(new RequestFailedException(status, "Not now."));

        void Fail(Exception exception) => world.After(world.UpTo(faults.StorageDelay), () => answer.SetException(exception));
    }

    private static (T? Result, RequestFailedException? Error) Try<T>(Func<T> effect)
    {
        try
        {
            return (effect(), null);
        }
        catch (RequestFailedException exception)
        {
            return (default, exception);
        }
    }

    private TableEntity? Find(string table, string partitionKey, string rowKey) => Row(table, partitionKey, rowKey) is { } row ? new TableEntity(row) { ETag = row.ETag } : null;

    private Response[] Submit(string table, List<TableTransactionAction> actions)
    {
        if (actions.Select(action => action.Entity.PartitionKey).Distinct().Count() != 1 || actions.DistinctBy(action => action.Entity.RowKey).Count() != actions.Count || actions.Count > 100) throw new InvalidOperationException("This is no transaction.");
        for (var i = 0; i < actions.Count; i++)
        {
            if (Check(table, actions[i]) is not (> 0 and var status)) continue;
            var failed = new RequestFailedException(status, $"Operation {i} failed.");
            failed.Data["FailedEntity"] = i.ToString(CultureInfo.InvariantCulture);
            throw new TableTransactionFailedException(failed);
        }

        return [.. actions.Select(action => action.ActionType is TableTransactionActionType.Delete
            ? Remove(table, action.Entity)
            : Write(table, (TableEntity)action.Entity, merge: action.ActionType is TableTransactionActionType.UpsertMerge))];
    }

    private List<TableEntity> Between(string table, string filter)
    {
        var bounds = Filter().Match(filter);
        if (!bounds.Success) throw new InvalidOperationException($"Nobody here understands '{filter}'.");
        var (partition, from, to) = (bounds.Groups[1].Value, bounds.Groups[2].Value, bounds.Groups[3].Value);
        return [.. _rows.Where(row => row.Key.Table == table && row.Key.PartitionKey == partition
                && string.CompareOrdinal(row.Key.RowKey, from) >= 0 && string.CompareOrdinal(row.Key.RowKey, to) < 0)
            .OrderBy(row => row.Key.RowKey, StringComparer.Ordinal).Select(row => row.Value)];
    }

    [GeneratedRegex("^PartitionKey eq '(.*)' and RowKey ge '(.*)' and RowKey lt '(.*)'$")]
    private static partial Regex Filter();

    private int Check(string table, TableTransactionAction action) => Check(table, action.Entity, action.ActionType switch
    {
        TableTransactionActionType.Add => null,
        TableTransactionActionType.UpdateReplace => action.ETag,
        TableTransactionActionType.Delete => Row(table, action.Entity.PartitionKey, action.Entity.RowKey) is null ? new ETag("there is none") : action.ETag,
        _ => ETag.All,
    });

    private Written Remove(string table, ITableEntity entity)
    {
        _rows.Remove((table, entity.PartitionKey, entity.RowKey));
        world.Say(() => $"  {entity.PartitionKey}/{entity.RowKey} is gone");
        return new(null); // As Azure answers: what is gone has no version.
    }

    private int Check(string table, ITableEntity entity, ETag? wanted)
    {
        var stands = Row(table, entity.PartitionKey, entity.RowKey);
        if (wanted == ETag.All) return 0;
        if (wanted is null) return stands is null ? 0 : 409;
        return stands is null ? 404 : stands.ETag == wanted ? 0 : 412;
    }

    private Written Write(string table, TableEntity entity, bool merge)
    {
        var row = new TableEntity(entity.PartitionKey, entity.RowKey);
        var columns = merge && Row(table, entity.PartitionKey, entity.RowKey) is { } stands ? stands.Concat(entity) : entity;
        foreach (var (column, value) in columns) row[column] = value;
        row.ETag = new(string.Create(CultureInfo.InvariantCulture, $"W/\"{++_writes}\""));
        Put(table, row);
        world.Say(() => $"  {row.PartitionKey}/{row.RowKey} at {row.GetInt64("Position")} is {row.ETag}");
        return new(row.ETag.ToString());
    }

    private Written WriteOne(string table, TableEntity entity, ETag? wanted)
    {
        if (Check(table, entity, wanted) is > 0 and var status) throw new RequestFailedException(status, "The row is another one.");
        return Write(table, entity, merge: false);
    }

    private sealed class Service(SimTables tables) : TableServiceClient
    {
        public override TableClient GetTableClient(string tableName) => new Table(tables, tableName);
    }

    private sealed class Table(SimTables tables, string name) : TableClient
    {
        public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
            string partitionKey, string rowKey, IEnumerable<string>? select = null, CancellationToken cancellationToken = default) =>
            tables.Ask<NullableResponse<T>>(name, () => new Found<T>((T?)(object?)tables.Find(name, partitionKey, rowKey)));

        public override AsyncPageable<T> QueryAsync<T>(string? filter = null, int? maxPerPage = null, IEnumerable<string>? select = null, CancellationToken cancellationToken = default) =>
            new Pages<T>(tables.Ask(name, () => tables.Between(name, filter!)));

        public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) =>
            tables.Ask<Response>(name, () => tables.WriteOne(name, (TableEntity)(object)entity, null));

        public override Task<Response> UpdateEntityAsync<T>(T entity, ETag ifMatch, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default) =>
            tables.Ask<Response>(name, () => tables.WriteOne(name, (TableEntity)(object)entity, ifMatch));

        public override Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(IEnumerable<TableTransactionAction> transactionActions, CancellationToken cancellationToken = default)
        {
            var actions = transactionActions.ToList();
            return tables.Ask(name, () => Response.FromValue<IReadOnlyList<Response>>(tables.Submit(name, actions), new Written(null)));
        }
    }

    private sealed class Pages<T>(Task<List<TableEntity>> rows) : AsyncPageable<T>
        where T : notnull
    {
        public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
        {
            yield return Page<T>.FromValues([.. (await rows).Cast<T>()], null, new Written(null));
        }
    }

    private sealed class Found<T>(T? value) : NullableResponse<T>
    {
        public override bool HasValue => value is not null;

        public override T? Value => value;

        public override Response GetRawResponse() => new Written(null);
    }

    private sealed class Written(string? etag) : Response
    {
        public override int Status => 204;

        public override string ReasonPhrase => "No Content";

        public override Stream? ContentStream { get; set; }

        public override string ClientRequestId { get; set; } = "";

        public override void Dispose()
        {
        }

        protected override bool ContainsHeader(string name) => name == "ETag" && etag is not null;

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => etag is null ? [] : [new("ETag", etag)];

        protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => (value = name == "ETag" ? etag : null) is not null;

        protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values) => (values = name == "ETag" && etag is not null ? [etag] : null) is not null;
    }
}
