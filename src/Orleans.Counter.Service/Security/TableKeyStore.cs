using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Microsoft.Extensions.Options;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Security;

/// <summary>Keys in the table <c>keys</c> of the account that holds the counts: a row each, all in one table partition.</summary>
internal sealed partial class TableKeyStore(IOptions<StorageOptions> options, ILogger<TableKeyStore> logger) : IKeyStore
{
    private const string Partition = "key";

    // Asked again within seconds by whoever needs an answer, so it does not try again by itself.
    private readonly TableClient _table = options.Value.Membership().GetTableClient("keys");

    public async ValueTask<IReadOnlyList<ApiKey>> ReadAll(CancellationToken cancellationToken)
    {
        var keys = new List<ApiKey>();
        try
        {
            await foreach (var row in _table.QueryAsync<TableEntity>(row => row.PartitionKey == Partition, cancellationToken: cancellationToken))
                if (Read(row) is { } key) keys.Add(key);
        }
        catch (RequestFailedException missing) when (missing.ErrorCode == TableErrorCode.TableNotFound)
        {
            return []; // Made with the first key.
        }

        return keys;
    }

    public async ValueTask Add(ApiKey key, CancellationToken cancellationToken)
    {
        await _table.CreateIfNotExistsAsync(cancellationToken);
        await _table.AddEntityAsync(Encode(key), cancellationToken);
    }

    public async ValueTask<bool> Revoke(string id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        try
        {
            var row = (await _table.GetEntityAsync<TableEntity>(Partition, id, cancellationToken: cancellationToken)).Value;
            if (row.GetDateTimeOffset(nameof(ApiKey.RevokedAt)) is not null) return true;
            var mark = new TableEntity(Partition, id) { [nameof(ApiKey.RevokedAt)] = at };
            await _table.UpdateEntityAsync(mark, ETag.All, TableUpdateMode.Merge, cancellationToken);
            return true;
        }
        catch (RequestFailedException missing) when (missing.Status is 404)
        {
            return false;
        }
    }

    private static TableEntity Encode(ApiKey key)
    {
        var row = new TableEntity(Partition, key.Id)
        {
            ["Kind"] = key.IsPublishable ? "publishable" : "secret",
            [nameof(key.Name)] = key.Name,
            [nameof(key.Scopes)] = string.Join(' ', key.Scopes.Names()),
            [nameof(key.CreatedAt)] = key.CreatedAt,
        };
        if (key.Hash is not null) row[nameof(key.Hash)] = key.Hash;
        if (key.Origins.Count > 0) row[nameof(key.Origins)] = string.Join(' ', key.Origins);
        if (key.ExpiresAt is not null) row[nameof(key.ExpiresAt)] = key.ExpiresAt;
        if (key.RevokedAt is not null) row[nameof(key.RevokedAt)] = key.RevokedAt;
        return row;
    }

    // One row that somebody has spoiled locks out its key, not all of them.
    private ApiKey? Read(TableEntity row)
    {
        try
        {
            return Decode(row);
        }
        catch (Exception spoiled) when (spoiled is FormatException or InvalidOperationException)
        {
            LogSpoiled(row.RowKey, spoiled.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The key {Id} in the table 'keys' cannot be read, and is good for nothing: {Reason}")]
    private partial void LogSpoiled(string id, string reason);

    private static ApiKey Decode(TableEntity row)
    {
        var isPublishable = row.GetString("Kind") is "publishable";
        return new(
            row.RowKey,
            row.GetString(nameof(ApiKey.Name)) ?? "",
            isPublishable ? null : row.GetBinary(nameof(ApiKey.Hash)) ?? throw new FormatException($"The secret key '{row.RowKey}' has no hash in the table 'keys'."),
            isPublishable ? Scope.Ingest : Scopes.Read(row.GetString(nameof(ApiKey.Scopes)) ?? ""),
            (row.GetString(nameof(ApiKey.Origins)) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
            row.GetDateTimeOffset(nameof(ApiKey.CreatedAt)) ?? default,
            row.GetDateTimeOffset(nameof(ApiKey.ExpiresAt)),
            row.GetDateTimeOffset(nameof(ApiKey.RevokedAt)));
    }
}
