using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Amqp;
using Amqp.Types;
using Orleans.Counter.Dev;
using Orleans.Counter.Dev.Faults;
using Xunit;
using static Orleans.Counter.Tests.Azure.Dev.HubClient;

namespace Orleans.Counter.Tests.Azure.Dev;

public sealed class FaultTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Faults_of_the_same_seed_strike_the_same_sends()
    {
        var outcomes = new List<string>();
        foreach (var hub in new[] { fixture.NewHub(), fixture.NewHub() })
        {
            await using var client = await HubClient.Open(fixture.Port);
            var sender = await client.Sender($"{hub}/Partitions/0");
            fixture.Hub.Faults.Add(new() { Kind = FaultKind.Throttle, At = FaultMoment.Send, Hub = hub, Probability = 0.5, Seed = 7 });
            var outcome = new StringBuilder();
            for (var i = 0; i < 40; i++)
                outcome.Append(await WasTaken(sender) ? '+' : '-');
            outcomes.Add(outcome.ToString());
        }

        Assert.Equal(outcomes[0], outcomes[1]);
        Assert.InRange(outcomes[0].Count(one => one == '-'), 10, 30);
    }

    [Fact]
    public async Task A_fault_strikes_where_it_was_meant_and_as_often_as_it_was_meant()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var (other, struck, whole) = (await client.Sender($"{hub}/Partitions/0"), await client.Sender($"{hub}/Partitions/1"), await client.Sender(hub));
        var id = fixture.Hub.Faults.Add(new() { Kind = FaultKind.Refuse, At = FaultMoment.Send, Hub = hub.ToUpperInvariant(), Partition = 1, Times = 3 });

        Assert.True(await WasTaken(other));
        Assert.False(await WasTaken(struck));
        foreach (var partition in Enumerable.Range(0, 4)) // each in turn
            Assert.Equal(partition != 1, await WasTaken(whole));
        Assert.False(await WasTaken(struck));
        Assert.True(await WasTaken(struck));

        Assert.Equal(3, fixture.Hub.Faults.List().Single(one => one.Id == id).Struck);
        Assert.True(fixture.Hub.Faults.Remove(id));
        Assert.False(fixture.Hub.Faults.Remove(id));
        Assert.DoesNotContain(fixture.Hub.Faults.List(), one => one.Id == id);
    }

    [Fact]
    public async Task An_event_before_a_dropped_connection_is_stored_and_one_before_a_detached_link_is_not()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        fixture.Hub.Faults.Add(new() { Kind = FaultKind.Drop, At = FaultMoment.Send, Hub = hub, Partition = 0 });
        fixture.Hub.Faults.Add(new() { Kind = FaultKind.Detach, At = FaultMoment.Send, Hub = hub, Partition = 1 });
        foreach (var partition in new[] { 0, 1 })
        {
            await using var doomed = await HubClient.Open(fixture.Port);
            var sender = await doomed.Sender($"{hub}/Partitions/{partition}");
            var ended = Ended(sender);
            await Assert.ThrowsAnyAsync<Exception>(() => sender.SendAsync(Event(1), Patience));
            var why = await ended;
            Assert.Equal(partition == 1 ? "amqp:link:detach-forced" : null, partition == 1 ? why.Condition.ToString() : null);
        }

        Assert.Equal(0L, ((Map)(await client.Read("partition", hub, "0")).Body)["last_enqueued_sequence_number"]);
        Assert.Equal(-1L, ((Map)(await client.Read("partition", hub, "1")).Body)["last_enqueued_sequence_number"]);
    }

    [Fact]
    public async Task Links_that_are_open_can_be_struck_at_once()
    {
        var hub = fixture.NewHub();
        await using var first = await HubClient.Open(fixture.Port);
        await using var second = await HubClient.Open(fixture.Port);
        var (detached, spared, closed) = (await first.Reader(hub, 0), await first.Sender($"{hub}/Partitions/2"), await second.Reader(hub, 1));
        var (whyDetached, whyClosed) = (Ended(detached), Ended(closed));

        fixture.Hub.Faults.Add(new() { Kind = FaultKind.Detach, At = FaultMoment.Now, Hub = hub, Partition = 0, Condition = "amqp:link:stolen" });
        fixture.Hub.Faults.Add(new() { Kind = FaultKind.Close, At = FaultMoment.Now, Hub = hub, Partition = 1 });

        Assert.Equal("amqp:link:stolen", (await whyDetached).Condition.ToString());
        Assert.Equal("amqp:connection:forced", (await whyClosed).Condition.ToString());
        Assert.True(await WasTaken(spared));
        await first.Reader(hub, 0); // that was once
    }

    [Fact]
    public void A_fault_that_could_never_happen_is_an_error()
    {
        foreach (var fault in new Fault[]
        {
            new() { Kind = FaultKind.Throttle, Hub = "nowhere" },
            new() { Kind = FaultKind.Throttle, Probability = 0 },
            new() { Kind = FaultKind.Throttle, Probability = double.NaN },
            new() { Kind = FaultKind.Throttle, Times = 0 },
            new() { Kind = FaultKind.Throttle, At = FaultMoment.Now },
            new() { Kind = FaultKind.Drop, At = FaultMoment.Attach },
            new() { Kind = FaultKind.Drop, Description = "unheard" },
            new() { Kind = FaultKind.Delay },
            new() { Kind = FaultKind.Detach, Duration = TimeSpan.FromSeconds(1) },
        })
        {
            Assert.Throws<ArgumentException>(() => fixture.Hub.Faults.Add(fault));
        }
    }

    [Fact]
    public async Task Faults_come_and_go_over_HTTP_and_a_mistake_is_said_to_be_one()
    {
        var hub = fixture.NewHub();
        var cancellationToken = TestContext.Current.CancellationToken;
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{fixture.Hub.ControlPort}") };
        Assert.Equal("healthy", (await http.GetFromJsonAsync<JsonElement>("/health", cancellationToken)).GetProperty("status").GetString());

        using var added = await http.PostAsJsonAsync("/faults", new { kind = "throttle", at = "send", hub, partition = 3, times = 2 }, cancellationToken);
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        var id = (await added.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetInt32();
        Assert.Equal(new() { Kind = FaultKind.Throttle, At = FaultMoment.Send, Hub = hub, Partition = 3, Times = 2 }, One(id)!.Fault);

        foreach (var mistake in new object[] { new { kind = "nonsense" }, new { kind = "throttle", hubb = hub }, new { kind = "throttle", hub = "nowhere" }, new { } })
        {
            using var refused = await http.PostAsJsonAsync("/faults", mistake, cancellationToken);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.NotEmpty((await refused.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("error").GetString()!);
        }

        using var page = new HttpRequestMessage(HttpMethod.Delete, $"/faults/{id}") { Headers = { { "Origin", "http://elsewhere.example" } } };
        Assert.Equal(HttpStatusCode.Forbidden, (await http.SendAsync(page, cancellationToken)).StatusCode);
        Assert.NotNull(One(id));
        Assert.Equal(HttpStatusCode.OK, (await http.DeleteAsync($"/faults/{id}", cancellationToken)).StatusCode);
        Assert.Null(One(id));
        Assert.Equal(HttpStatusCode.NotFound, (await http.DeleteAsync($"/faults/{id}", cancellationToken)).StatusCode);

        FaultStatus? One(int id) => fixture.Hub.Faults.List().SingleOrDefault(one => one.Id == id);
    }

    [Fact]
    public async Task Offsets_may_be_texts_that_are_no_numbers_and_both_kinds_are_understood()
    {
        var folder = Directory.CreateTempSubdirectory("devhub-geo-").FullName;
        foreach (var geo in new[] { false, true, false })
        {
            await using var hub = await DevHub.StartAsync(
                new() { Port = 0, DataDirectory = folder, GeoOffsets = geo, Hubs = { ["geo"] = 1 } }, TestContext.Current.CancellationToken);
            await using var client = await HubClient.Open(hub.Port);
            var sender = await client.Sender("geo/Partitions/0");
            await sender.SendAsync(Batch([Event(1), Event(2)]), Patience);

            var told = (Map)(await client.Read("partition", "geo", "0")).Body;
            var count = (int)(long)told["last_enqueued_sequence_number"] + 1;
            var reader = await client.Reader("geo", 0);
            reader.SetCredit(count);
            var events = await Next(reader, count);
            Assert.Equal(geo, !long.TryParse(Offset(events[^1]), out _));
            Assert.Equal(Offset(events[^1]), told["last_enqueued_offset"]);
            for (var i = 0; i < count - 1; i++)
            {
                var after = await client.Reader("geo", 0, $"amqp.annotation.x-opt-offset > '{Offset(events[i])}'");
                after.SetCredit(1);
                Assert.Equal(i + 1, Sequence(await Next(after)));
                await after.CloseAsync();
            }

            foreach (var nonsense in new[] { "1:999999", "2:0", "abc" })
            {
                var refused = await Assert.ThrowsAsync<AmqpException>(() => client.Reader("geo", 0, $"amqp.annotation.x-opt-offset > '{nonsense}'"));
                Assert.Equal("com.microsoft:argument-error", refused.Error.Condition.ToString());
                Assert.Contains($"The supplied offset '{nonsense}' is invalid.", refused.Error.Description, StringComparison.Ordinal);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<bool> WasTaken(SenderLink sender)
    {
        try
        {
            await sender.SendAsync(Event(1), Patience);
            return true;
        }
        catch (AmqpException e) when (e.Error.Condition.ToString() is "com.microsoft:server-busy" or "amqp:internal-error")
        {
            return false;
        }
    }
}
