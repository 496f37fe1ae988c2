using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Security;
using Xunit;

namespace Orleans.Counter.Tests.Security;

/// <summary>Who is let in by a key, and for how long.</summary>
public sealed class KeyTests
{
    [Fact]
    public async Task Without_a_key_a_caller_is_told_how_to_send_one()
    {
        await using var host = await KeyHost.Start();
        using var answer = await host.Send("POST", "/v1/videos/v/views");

        Assert.Equal("Bearer realm=\"counter\"", answer.Headers.WwwAuthenticate.ToString());
        Assert.Contains("X-Api-Key", (await Ingest.Answer.Read(answer)).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_key_is_good_in_either_header_and_for_its_scopes_only()
    {
        await using var host = await KeyHost.Start();
        var key = host.Keys.Secret(Scope.Ingest);

        (await host.View(key)).IsAccepted(1);
        (await host.Ask("POST", "/v1/videos/v/views", $"Authorization: Bearer {key}")).IsAccepted(1);
        Assert.Contains("'read'", (await host.Ask("GET", "/asked", $"X-Api-Key: {key}")).IsProblem(HttpStatusCode.Forbidden, "forbidden").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_exactly_the_key_is_no_key()
    {
        await using var host = await KeyHost.Start();
        var key = host.Keys.Secret(Scope.Ingest);
        var another = host.Keys.Secret(Scope.Ingest);
        (await host.View(key)).IsAccepted(1);

        string[] wrong = [key[..^1], key + "a", key.ToUpperInvariant(), another[..15] + key[15..], $"oc_pub_{MemoryKeys.IdOf(key)}", "oc_", "secret", key[..20] + "~!?" + key[23..]];
        foreach (var text in wrong) (await host.View(text)).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task A_key_that_was_just_made_is_good_at_once_and_the_old_one_beside_it()
    {
        await using var host = await KeyHost.Start();
        var old = host.Keys.Secret(Scope.Ingest);
        (await host.View(old)).IsAccepted(1);

        var next = host.Keys.Secret(Scope.Ingest);

        (await host.View(next)).IsAccepted(1);
        (await host.View(old)).IsAccepted(1);
    }

    [Fact]
    public async Task A_key_expires_to_the_moment()
    {
        await using var host = await KeyHost.Start();
        var end = host.Time.GetUtcNow() + TimeSpan.FromSeconds(10);
        var key = host.Keys.Secret(Scope.Ingest, end);
        host.Time.SetUtcNow(end - TimeSpan.FromTicks(1));
        (await host.View(key)).IsAccepted(1);

        host.Time.Advance(TimeSpan.FromTicks(1));
        (await host.View(key)).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task A_key_that_was_revoked_is_refused_with_the_next_look_at_the_table()
    {
        await using var host = await KeyHost.Start();
        var key = host.Keys.Secret(Scope.Ingest);
        (await host.View(key)).IsAccepted(1);

        await host.Keys.Revoke(MemoryKeys.IdOf(key), host.Time.GetUtcNow(), TestContext.Current.CancellationToken);
        (await host.View(key)).IsAccepted(1);
        host.Time.Advance(KeyRing.Pace);

        var answer = await host.View(key);
        while (answer.Status is HttpStatusCode.Accepted) answer = await host.View(key); // The table is read in the background.
        answer.IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task A_clock_that_is_put_back_keeps_no_key_good_and_no_new_one_out()
    {
        var (time, keys) = (new PutBack(), new MemoryKeys());
        using var ring = new KeyRing(keys, Options.Create(new AuthOptions()), time, NullLogger<KeyRing>.Instance);
        var old = keys.Secret(Scope.Ingest);
        Assert.Equal(KeyAnswer.Good, (await ring.Find(old)).Answer);

        time.By = TimeSpan.FromHours(1);
        await keys.Revoke(MemoryKeys.IdOf(old), time.GetUtcNow(), TestContext.Current.CancellationToken);
        var next = keys.Secret(Scope.Ingest);
        time.Advance(KeyRing.AgainAfter * 2);

        Assert.Equal((KeyAnswer.Good, KeyAnswer.Unknown), ((await ring.Find(next)).Answer, (await ring.Find(old)).Answer));
    }

    [Fact]
    public async Task A_thousand_wrong_keys_have_the_table_read_once()
    {
        await using var host = await KeyHost.Start(("Limits:AddressRequestsPerSecond", "1000"));
        host.Time.Advance(KeyRing.AgainAfter * 2);
        var before = host.Keys.Reads;

        var other = new MemoryKeys();
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(async _ => (await host.View(other.Secret(Scope.Ingest))).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated")));

        Assert.Equal(1, host.Keys.Reads - before);
    }

    [Fact]
    public async Task While_the_table_is_away_known_keys_are_good_for_a_while_and_nobody_else_is_judged()
    {
        await using var host = await KeyHost.Start(("Auth:KeysWithoutStorage", "00:10:00"));
        var key = host.Keys.Secret(Scope.Ingest);
        (await host.View(key)).IsAccepted(1);
        var start = host.Time.GetUtcNow();
        host.Keys.Down = true;

        host.Time.SetUtcNow(start + TimeSpan.FromMinutes(10));
        (await host.View(key)).IsAccepted(1);
        var unknown = await host.View(host.Keys.Secret(Scope.Ingest));
        Assert.Equal(TimeSpan.FromSeconds(5), unknown.IsProblem(HttpStatusCode.ServiceUnavailable, "keys_unavailable").RetryAfter);

        host.Time.SetUtcNow(start + TimeSpan.FromMinutes(10.1));
        (await host.View(key)).IsProblem(HttpStatusCode.ServiceUnavailable, "keys_unavailable");
        host.Keys.Down = false;
        host.Time.Advance(KeyRing.Pace);
        while ((await host.View(key)).Status is not HttpStatusCode.Accepted) TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task A_service_that_could_never_read_the_table_lets_nobody_in()
    {
        await using var host = await KeyHost.Start();
        host.Time.Advance(TimeSpan.FromHours(1));
        host.Keys.Down = true;
        host.Time.Advance(TimeSpan.FromHours(1));

        (await host.View(host.Keys.Secret(Scopes.All))).IsProblem(HttpStatusCode.ServiceUnavailable, "keys_unavailable");
        (await host.Ask("POST", "/v1/videos/v/views")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task What_nobody_has_thought_of_is_closed_to_all_and_what_is_not_there_is_told_to_those_who_may_call()
    {
        await using var host = await KeyHost.Start();
        var key = $"X-Api-Key: {host.Keys.Secret(Scopes.All)}";

        (await host.Ask("GET", "/throws")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await host.Ask("GET", "/throws", key)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await host.Ask("GET", "/nowhere", key)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await host.Ask("GET", "/v1/events", key)).IsProblem(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
        (await host.Ask("GET", "/nowhere")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.Equal(HttpStatusCode.OK, (await host.Ask("GET", "/health/live")).Status);
    }

    /// <summary>A machine whose clock somebody has put back: time goes on from there.</summary>
    private sealed class PutBack : FakeTimeProvider
    {
        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - By;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }
}
