using System.Net;
using System.Net.Http.Json;
using Azure.Data.Tables;
using Xunit;

namespace Orleans.Counter.Tests.Azure.River;

/// <summary>The whole service in processes of their own, as <c>counter up</c> starts it, and what it answers after all that may happen to it.</summary>
[Collection(nameof(RiverCollection))]
public sealed class RiverTests(RiverCounter river) : IClassFixture<RiverCounter>
{
    private static readonly TrendingFile Example = TrendingFile.Example();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_view_can_be_asked_for()
    {
        var before = DateTimeOffset.UtcNow;
        using var answer = await river.Local.Http.PostAsync("/v1/videos/kittens/views", content: null, Token);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);

        await Eventually.Answers(token => river.Answers.Count("kittens", "view", token), count => count == 1);

        var point = Assert.Single(await river.Answers.Series("kittens", "view", Minute(before).AddMinutes(-1), Minute(before).AddMinutes(5), "minute", Token));
        Assert.InRange(point.Start, Minute(before), Minute(DateTimeOffset.UtcNow));
        Assert.Equal((1, 1d, 1d, 1d), (point.Count, point.Sum, point.Min, point.Max));
    }

    [Fact]
    public async Task A_batch_is_counted_by_video_and_type_and_minute()
    {
        var hour = new DateTimeOffset(DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero).AddHours(-2);
        using var answer = await river.Local.Http.PostAsJsonAsync("/v1/events", new
        {
            events = new object[]
            {
                new { videoId = "puppies", id = "1", timestamp = hour.AddMinutes(59.9) },
                new { videoId = "puppies", id = "2", timestamp = hour.AddMinutes(60) },
                new { videoId = "puppies", id = "2", timestamp = hour.AddMinutes(61) }, // the same event again
                new { videoId = "puppies", id = "2", type = "watch_seconds", timestamp = hour, value = 2.5 },
                new { videoId = "puppies", id = "3", type = "watch_seconds", timestamp = hour.AddSeconds(59), value = -1 },
                new { videoId = "Puppies", id = "1", timestamp = hour },
            },
        }, Token);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await river.Answers.CaughtUp();

        Assert.Equal(2, await river.Answers.Count("puppies", "view", Token));
        Assert.Equal(2, await river.Answers.Count("puppies", "watch_seconds", Token));
        Assert.Equal(1, await river.Answers.Count("Puppies", "view", Token));
        var minutes = await river.Answers.Series("puppies", "view", hour, hour.AddHours(2), "minute", Token);
        Assert.Equal([new(hour.AddMinutes(59), 1, 1, 1, 1), new(hour.AddMinutes(60), 1, 1, 1, 1)], minutes);
        Assert.Equal([new(hour, 1, 1, 1, 1), new(hour.AddHours(1), 1, 1, 1, 1)], await river.Answers.Series("puppies", "view", hour, hour.AddHours(2), "hour", Token));
        Assert.Equal([new(hour, 2, 1.5, -1, 2.5)], await river.Answers.Series("puppies", "watch_seconds", hour, hour.AddHours(1), "minute", Token));
    }

    [Fact]
    public async Task An_imported_file_is_counted_exactly_also_after_a_restart_and_importing_again_changes_nothing()
    {
        using var first = river.Import(Example);
        var sent = RiverCounter.Sent(Example, await first.Succeeds());
        await river.Answers.AreExact(sent);

        using (var again = river.Import(Example)) await again.Succeeds();
        await river.Answers.AreExact(sent);

        Assert.Equal(0, await river.Local.RestartAsync());
        await river.Answers.AreExactNow(sent);

        using (var afterRestart = river.Import(Example)) await afterRestart.Succeeds();
        await river.Answers.AreExact(sent);
    }

    [Fact]
    public async Task A_silo_that_is_killed_in_the_middle_of_an_import_loses_nothing()
    {
        var file = Example.WithPrefix("silo-");
        using var import = river.Import(file);
        await import.FirstTenth();

        river.Local.KillSilo();
        Assert.True(import.IsRunning);
        await river.Local.SiloRunsAgainAsync();

        await river.Answers.AreExact(RiverCounter.Sent(file, await import.Succeeds()));
    }

    [Fact]
    public async Task A_hub_that_is_killed_in_the_middle_of_an_import_loses_nothing()
    {
        var file = Example.WithPrefix("hub-");
        using var import = river.Import(file);
        await import.FirstTenth();

        river.Local.KillHub();
        Assert.True(import.IsRunning);
        await river.Local.HubRunsAgainAsync();

        await river.Answers.AreExact(RiverCounter.Sent(file, await import.Succeeds()));
    }

    [Fact]
    public async Task A_storage_that_is_away_in_the_middle_of_an_import_loses_nothing()
    {
        var file = Example.WithPrefix("storage-");
        using var import = river.Import(file);
        await import.FirstTenth();

        river.Local.EndStorage();
        Assert.True(import.IsRunning);
        await river.Local.StorageRunsAgainAsync();
        var sent = RiverCounter.Sent(file, await import.Succeeds());
        river.Local.KillSilo(); // What is said from now on comes from the table and the log, and from no memory.
        await river.Local.SiloRunsAgainAsync();

        await river.Answers.AreExact(sent);
    }

    [Fact]
    public async Task What_a_killed_silo_had_not_stored_comes_back_without_any_new_event()
    {
        const int videos = 2_000, each = 5;
        var batches = Enumerable.Range(0, videos * each).Select(number => new { videoId = $"tail-{number % videos}", id = $"{number}" }).Chunk(2_000).ToList();
        var answers = await Task.WhenAll(batches.Select(events => river.Local.Http.PostAsJsonAsync("/v1/events", new { events }, Token)));
        river.Local.KillSilo();

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode));
        Assert.InRange(await Stored("tail-"), 0, videos - 1); // or the kill came too late to show anything
        await river.Local.SiloRunsAgainAsync();

        for (var number = 0; number < videos; number++) await Eventually.Answers(token => river.Answers.Count($"tail-{number}", "view", token), count => count == each);
    }

    private async Task<int> Stored(string prefix)
    {
        var tables = new TableServiceClient(river.Local.ConnectionString("azurite"));
        var stored = 0;
        for (var group = 0; group < 16; group++)
        {
            var rows = tables.GetTableClient($"counts{group:x1}")
                .QueryAsync<TableEntity>($"RowKey ge 'v|{prefix}' and RowKey lt 'v|{prefix}~'", select: ["RowKey"], cancellationToken: Token);
            await foreach (var _ in rows) stored++;
        }

        return stored;
    }

    private static DateTimeOffset Minute(DateTimeOffset time) => new(time.UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);
}
