using Orleans.Counter.Security;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Security;

/// <summary>What <c>keys</c> does, and says.</summary>
public sealed class KeysCommandTests
{
    private readonly MemoryKeys _keys = new();
    private readonly WatchedTime _time = new();

    [Fact]
    public async Task A_secret_key_is_shown_once_and_only_its_hash_is_kept()
    {
        var key = (await Run("create", "--name", "importer", "--scopes", "ingest,read", "--expires", "2027-06-30T00:00:00Z")).Split('\n')[0];

        var kept = Assert.Single(await _keys.ReadAll(TestContext.Current.CancellationToken));
        Assert.Matches("^oc_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$", key);
        Assert.Equal(("importer", Scope.Ingest | Scope.Read, false), (kept.Name, kept.Scopes, kept.IsPublishable));
        Assert.True(KeyText.IsKey(key, kept.Hash!));
        var list = await Run("list");
        Assert.Contains($"oc_{kept.Id}  ingest,read  good until 2027-06-30", list, StringComparison.Ordinal);
        Assert.DoesNotContain(key[16..], list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_publishable_key_is_bound_to_its_origins()
    {
        var key = (await Run("create", "--name", "page", "--origins", "https://example.com,http://localhost:3000")).Split('\n')[0];

        var kept = Assert.Single(await _keys.ReadAll(TestContext.Current.CancellationToken));
        Assert.Matches("^oc_pub_[a-z0-9]{12}$", key);
        Assert.Equal((Scope.Ingest, true), (kept.Scopes, kept.IsPublishable));
        Assert.Equal(["https://example.com", "http://localhost:3000"], kept.Origins);
    }

    [Fact]
    public async Task A_key_is_revoked_by_its_id_once_and_for_good()
    {
        var key = _keys.Secret(Scope.Read);
        var id = MemoryKeys.IdOf(key);

        await Run("revoke", id);
        _time.Advance(TimeSpan.FromHours(1));
        await Run("revoke", $"oc_{id}");

        Assert.Equal(WatchedTime.Noon, Assert.Single(await _keys.ReadAll(TestContext.Current.CancellationToken)).RevokedAt);
        Assert.Contains("revoked 2026-11-23 12:00:00Z", await Run("list"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'write' is not a scope; there are ingest, read, manage, admin", "create", "--name", "n", "--scopes", "ingest,write")]
    [InlineData("--scopes is missing", "create", "--name", "n")]
    [InlineData("--name is missing", "create", "--scopes", "read")]
    [InlineData("a time in the future", "create", "--name", "n", "--scopes", "read", "--expires", "2020-01-01")]
    [InlineData("its only scope is ingest", "create", "--name", "n", "--scopes", "read", "--origins", "https://example.com")]
    [InlineData("'https://example.com/' is not an origin", "create", "--name", "n", "--origins", "https://example.com/")]
    [InlineData("'*' is not an origin", "create", "--name", "n", "--origins", "*")]
    [InlineData("'HTTPS://Example.com' is not an origin", "create", "--name", "n", "--origins", "HTTPS://Example.com")]
    [InlineData("'--color' is not known", "create", "--color", "blue")]
    [InlineData("--name has no value", "create", "--name")]
    [InlineData("keys revoke <id>", "destroy")]
    [InlineData("12 letters and digits", "revoke", "abc")]
    [InlineData("There is no key 'abcdefghijkl'", "revoke", "abcdefghijkl")]
    public async Task What_cannot_be_meant_is_told_and_changes_nothing(string told, params string[] verb)
    {
        var refused = await Assert.ThrowsAsync<FormatException>(() => Run(verb));

        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.Empty(await _keys.ReadAll(TestContext.Current.CancellationToken));
    }

    private Task<string> Run(params string[] verb) => KeysCommand.Run(["keys", .. verb], _keys, _time, TestContext.Current.CancellationToken);
}
