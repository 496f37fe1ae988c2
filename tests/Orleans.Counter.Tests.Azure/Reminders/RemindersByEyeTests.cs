using Azure.Data.Tables;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Reminders;

/// <summary>Whoever opens the table with a tool, or with the official provider, finds the keys and columns that the documentation names.</summary>
public sealed class RemindersByEyeTests(Azurite azurite)
{
    [Fact]
    public async Task A_reminder_is_a_row_of_strings()
    {
        var token = TestContext.Current.CancellationToken;
        var reminders = await RemindersUnderTest.Start((await azurite.NewAccount()).Tables, "counter/1", "green");

        await reminders.Add(RemindersUnderTest.New(RemindersUnderTest.Grain("a/b"), "every?day"));

        var row = Assert.Single(await reminders.Raw.QueryAsync<TableEntity>(cancellationToken: token).ToListAsync(token));
        (string, object)[] expected =
        [
            ("DeploymentId", "green"),
            ("GrainRefConsistentHash", "19CDB78E"),
            ("GrainReference", "rings/a/b"),
            ("PartitionKey", "counter_1_19CDB78E"),
            ("Period", "1.02:03:04"),
            ("ReminderName", "every?day"),
            ("RowKey", "rings_a_b-every_day"),
            ("ServiceId", "counter/1"),
            ("StartAt", "2026-11-23 07:30:05.000 GMT"),
        ];
        Assert.Equal(expected, row.Where(column => column.Key is not ("odata.etag" or "Timestamp")).OrderBy(column => column.Key).Select(column => (column.Key, column.Value)));
    }
}
