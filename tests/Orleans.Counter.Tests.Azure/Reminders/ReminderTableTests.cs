using Azure.Data.Tables;
using CsCheck;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Reminders;

/// <summary>What Orleans asks of a reminder table.</summary>
public sealed class ReminderTableTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_write_of_a_reminder_has_an_etag_of_its_own()
    {
        var reminders = await Start();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(async number =>
        {
            var reminder = RemindersUnderTest.New(RemindersUnderTest.NewGrain(), $"{number}");
            var etags = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => reminders.Table.UpsertRow(reminder, Token)));
            Assert.Equal(5, etags.Distinct().Count());
            Assert.Contains((await reminders.Table.ReadRow(reminder.GrainId, reminder.ReminderName, Token))!.ETag, etags);
        }));
    }

    [Theory]
    [InlineData("service", "cluster")]
    [InlineData("ser/vice", "clus/ter")]
    [InlineData(@"s\e#r?v_ice", @"c\l#u?s_ter")]
    public async Task A_reminder_is_read_as_it_was_written_whatever_its_names(string service, string cluster)
    {
        var reminders = await RemindersUnderTest.Start((await azurite.NewAccount()).Tables, service + RemindersUnderTest.NewId(), cluster);
        foreach (var text in new[] { "plain", "a/b", @"a\b", "a#b", "a?b", "a_b-c d'e", "/", "ä|ü" })
        {
            var reminder = await reminders.Add(RemindersUnderTest.New(RemindersUnderTest.Grain(text), text));

            var row = await reminders.Table.ReadRow(reminder.GrainId, text, Token);
            var ofGrain = await reminders.Table.ReadRows(reminder.GrainId, Token);
            var hash = reminder.GrainId.GetUniformHashCode();
            var ofRange = await reminders.Table.ReadRows(hash - 1, hash, Token);

            var expected = RemindersUnderTest.Text(reminder);
            Assert.Equal(expected, RemindersUnderTest.Text(row!));
            Assert.Equal(expected, RemindersUnderTest.Text(Assert.Single(ofGrain.Reminders)));
            Assert.Equal(expected, RemindersUnderTest.Text(Assert.Single(ofRange.Reminders)));
        }
    }

    [Fact]
    public async Task A_reminder_that_was_never_written_is_not_found_even_if_its_key_is_that_of_another_one()
    {
        var reminders = await Start();
        var reminder = await reminders.Add(RemindersUnderTest.New(RemindersUnderTest.NewGrain(), "a/b"));

        Assert.Null(await reminders.Table.ReadRow(reminder.GrainId, "a_b", Token));
        Assert.Null(await reminders.Table.ReadRow(reminder.GrainId, "a", Token));
        Assert.Empty((await reminders.Table.ReadRows(RemindersUnderTest.NewGrain(), Token)).Reminders);
    }

    [Fact]
    public async Task A_grain_reads_all_its_reminders_and_nobody_elses()
    {
        var reminders = await Start();
        GrainId one = RemindersUnderTest.Grain("one"), other = RemindersUnderTest.Grain("one-more");
        foreach (var name in new[] { "a", "b", "more-a" }) await reminders.Add(RemindersUnderTest.New(one, name));
        await reminders.Add(RemindersUnderTest.New(other, "a"));

        var read = await reminders.Table.ReadRows(one, Token);

        Assert.Equal(["a", "b", "more-a"], read.Reminders.Select(reminder => reminder.ReminderName).Order());
        Assert.All(read.Reminders, reminder => Assert.Equal(one, reminder.GrainId));
    }

    [Fact]
    public async Task A_reminder_is_removed_by_its_name_and_its_last_etag_and_only_once()
    {
        var reminders = await Start();
        var reminder = RemindersUnderTest.New(RemindersUnderTest.NewGrain());
        var stale = (await reminders.Add(reminder)).ETag!;
        var last = (await reminders.Add(reminder)).ETag!;

        Assert.False(await reminders.Table.RemoveRow(reminder.GrainId, reminder.ReminderName, stale, Token));
        Assert.False(await reminders.Table.RemoveRow(reminder.GrainId, "evening", last, Token));
        Assert.NotNull(await reminders.Table.ReadRow(reminder.GrainId, reminder.ReminderName, Token));
        Assert.True(await reminders.Table.RemoveRow(reminder.GrainId, reminder.ReminderName, last, Token));
        Assert.False(await reminders.Table.RemoveRow(reminder.GrainId, reminder.ReminderName, last, Token));
        Assert.Null(await reminders.Table.ReadRow(reminder.GrainId, reminder.ReminderName, Token));
    }

    [Fact]
    public async Task Of_a_thousand_reminders_a_range_holds_those_whose_hash_is_in_it()
    {
        var reminders = await Start();
        var hashes = (await Task.WhenAll(Enumerable.Range(0, 1_001).Select(async _ => await reminders.Add(RemindersUnderTest.New(RemindersUnderTest.NewGrain())))))
            .Select(reminder => reminder.GrainId.GetUniformHashCode()).Order().ToList();

        Assert.Equal(hashes, await InRange(0, uint.MaxValue));
        Assert.Equal(hashes, await InRange(0, 0));
        Assert.Equal(hashes, await InRange(77, 77));
        Assert.Equal(hashes.Skip(1), await InRange(hashes[0], hashes[^1])); // after begin, through end
        Assert.Equal(hashes.Take(1), await InRange(hashes[^1], hashes[0]));
        await Gen.Select(Gen.UInt, Gen.UInt).SampleAsync(
            async (begin, end) =>
            {
                var expected = hashes.Where(hash => begin < end ? hash > begin && hash <= end : hash > begin || hash <= end);
                Assert.Equal(expected, await InRange(begin, end));
            },
            iter: 20, threads: 1);

        async Task<List<uint>> InRange(uint begin, uint end) =>
            (await reminders.Table.ReadRows(begin, end, Token)).Reminders.Select(reminder => reminder.GrainId.GetUniformHashCode()).Order().ToList();
    }

    [Fact]
    public async Task Services_do_not_see_each_other_even_if_one_name_begins_as_the_other_or_becomes_the_same_key()
    {
        var account = (await azurite.NewAccount()).Tables;
        var id = RemindersUnderTest.NewId();
        var services = new List<RemindersUnderTest>();
        foreach (var service in new[] { id, $"{id}_", $"{id}_0", $"{id}/0", $"{id}A" }) services.Add(await RemindersUnderTest.Start(account, service));
        var grain = RemindersUnderTest.NewGrain();
        for (var i = 0; i < services.Count; i++)
        {
            if (i is not 3) await services[i].Add(RemindersUnderTest.New(grain, "same"));
            await services[i].Add(RemindersUnderTest.New(grain, $"{i}"));
        }

        for (var i = 0; i < services.Count; i++)
        {
            string[] expected = i is 3 ? ["3"] : [$"{i}", "same"];
            foreach (var (begin, end) in new[] { (0u, 0u), (0u, uint.MaxValue), (uint.MaxValue, uint.MaxValue - 1), (uint.MaxValue - 1, 0xFFFF_FFF0) })
                Assert.Equal(expected, Names(await services[i].Table.ReadRows(begin, end, Token)));
            Assert.Equal(expected, Names(await services[i].Table.ReadRows(grain, Token)));
            Assert.Equal(i is 3, await services[i].Table.ReadRow(grain, "same", Token) is null);
        }
    }

    [Fact]
    public async Task Only_what_the_cluster_has_written_is_cleared()
    {
        var account = (await azurite.NewAccount()).Tables;
        var service = RemindersUnderTest.NewId();
        RemindersUnderTest one = await RemindersUnderTest.Start(account, service, "one"), other = await RemindersUnderTest.Start(account, service, "other");
        var grain = RemindersUnderTest.NewGrain();
        for (var i = 0; i < 101; i++) await one.Add(RemindersUnderTest.New(grain, $"{i}"));
        await other.Add(RemindersUnderTest.New(grain, "other"));

        await one.Table.TestOnlyClearTable(Token);

        Assert.Equal(["other"], Names(await one.Table.ReadRows(0, 0, Token)));
    }

    [Fact]
    public async Task A_row_that_is_not_readable_does_not_keep_the_others_from_ringing()
    {
        var reminders = await Start();
        var grain = RemindersUnderTest.NewGrain();
        await reminders.Add(RemindersUnderTest.New(grain, "broken"));
        await reminders.Add(RemindersUnderTest.New(grain, "whole"));
        var row = await reminders.Raw.QueryAsync<TableEntity>("ReminderName eq 'broken'", cancellationToken: Token).SingleAsync(Token);
        row["Period"] = "often";
        await reminders.Raw.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, Token);

        Assert.Equal(["whole"], Names(await reminders.Table.ReadRows(0, 0, Token)));
    }

    private static IEnumerable<string> Names(ReminderTableData read) => read.Reminders.Select(reminder => reminder.ReminderName).Order(StringComparer.Ordinal);

    private async Task<RemindersUnderTest> Start() => await RemindersUnderTest.Start((await azurite.NewAccount()).Tables);
}
