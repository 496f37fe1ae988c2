using Azure.Data.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Counter.Security;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Security;

/// <summary>Keys in a real table.</summary>
public sealed class TableKeyStoreTests(Azurite azurite)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Before_the_first_key_there_is_none() => Assert.Empty(await Store(await azurite.NewAccount()).ReadAll(Token));

    [Fact]
    public async Task A_key_is_a_row_with_its_hash_and_without_itself()
    {
        var account = await azurite.NewAccount();
        var (text, id, hash) = KeyText.NewSecret();
        await Store(account).Add(new(id, "importer", hash, Scope.Ingest | Scope.Read, [], Noon, Noon.AddDays(90), null), Token);

        var row = (await account.Tables.GetTableClient("keys").GetEntityAsync<TableEntity>("key", id, cancellationToken: Token)).Value;
        (string, object)[] columns = [("Kind", "secret"), ("Name", "importer"), ("Scopes", "ingest read"), ("CreatedAt", Noon), ("ExpiresAt", Noon.AddDays(90))];
        Assert.Equal(columns, columns.Select(column => (column.Item1, row[column.Item1])));
        Assert.Equal(hash, row.GetBinary("Hash"));
        var secret = text[16..];
        Assert.DoesNotContain(row.Keys, column => row[column] is string value && value.Contains(secret, StringComparison.Ordinal));
        var key = Assert.Single(await Store(account).ReadAll(Token));
        Assert.True(KeyText.IsKey(text, key.Hash!));
    }

    [Fact]
    public async Task A_publishable_key_is_a_row_without_a_hash()
    {
        var account = await azurite.NewAccount();
        var id = KeyText.NewId();
        await Store(account).Add(new(id, "page", null, Scope.Ingest, ["https://a.example", "https://b.example"], Noon, null, null), Token);

        var key = Assert.Single(await Store(account).ReadAll(Token));
        Assert.Equal((id, "page", true, Scope.Ingest, Noon), (key.Id, key.Name, key.IsPublishable, key.Scopes, key.CreatedAt));
        Assert.Equal(["https://a.example", "https://b.example"], key.Origins);
        Assert.Equal((null, null), (key.ExpiresAt, key.RevokedAt));
    }

    [Fact]
    public async Task A_key_is_revoked_once_and_for_good()
    {
        var account = await azurite.NewAccount();
        var (_, id, hash) = KeyText.NewSecret();
        await Store(account).Add(new(id, "n", hash, Scope.Read, [], Noon, null, null), Token);

        Assert.True(await Store(account).Revoke(id, Noon, Token));
        Assert.True(await Store(account).Revoke(id, Noon.AddDays(1), Token));

        Assert.Equal(Noon, Assert.Single(await Store(account).ReadAll(Token)).RevokedAt);
        Assert.False(await Store(account).Revoke("abcdefghijkl", Noon, Token));
        Assert.False(await Store(await azurite.NewAccount()).Revoke(id, Noon, Token));
    }

    [Fact]
    public async Task A_row_that_somebody_has_spoiled_is_no_key_and_leaves_the_others_alone()
    {
        var account = await azurite.NewAccount();
        var (_, id, hash) = KeyText.NewSecret();
        await Store(account).Add(new(id, "n", hash, Scope.Read, [], Noon, null, null), Token);
        var table = account.Tables.GetTableClient("keys");
        await table.AddEntityAsync(new TableEntity("key", "nohash") { ["Kind"] = "secret", ["Scopes"] = "admin" }, Token);
        await table.AddEntityAsync(new TableEntity("key", "noscope") { ["Kind"] = "secret", ["Hash"] = hash, ["Scopes"] = "root" }, Token);
        await table.AddEntityAsync(new TableEntity("key", "notype") { ["Kind"] = "secret", ["Hash"] = "text", ["Scopes"] = "read" }, Token);

        Assert.Equal(id, Assert.Single(await Store(account).ReadAll(Token)).Id);
    }

    private static TableKeyStore Store(StorageAccount account) =>
        new(Options.Create(new Counter.Storage.StorageOptions { ConnectionString = account.ConnectionString }), NullLogger<TableKeyStore>.Instance);
}
