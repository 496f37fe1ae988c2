using Azure.Data.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Reminders;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Reminders;

/// <summary>The reminders of one service, under an id that nobody else uses.</summary>
internal sealed class RemindersUnderTest(TableServiceClient account, ClusterOptions cluster)
{
    /// <summary>The table as somebody with a tool sees it.</summary>
    public TableClient Raw { get; } = account.GetTableClient("OrleansReminders");

    public IReminderTable Table { get; } = new AzureReminderTable(
        Options.Create(new AzureTableReminderStorageOptions { TableServiceClient = account }), Options.Create(cluster), new HurriedTime(),
        NullLogger<AzureReminderTable>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static string NewId() => $"service-{Guid.NewGuid():n}";

    /// <summary>A table that is there, and holds nothing of the service.</summary>
    public static async Task<RemindersUnderTest> Start(TableServiceClient account, string? service = null, string clusterId = "cluster")
    {
        var reminders = new RemindersUnderTest(account, new() { ServiceId = service ?? NewId(), ClusterId = clusterId });
        await reminders.Table.StartAsync(Token);
        return reminders;
    }

    public static GrainId NewGrain() => Grain($"{Guid.NewGuid():n}");

    public static GrainId Grain(string key) => GrainId.Create("rings", key);

    public static ReminderEntry New(GrainId grain, string name = "morning") => new()
    {
        GrainId = grain,
        ReminderName = name,
        StartAt = new(2026, 11, 23, 7, 30, 5, DateTimeKind.Utc),
        Period = new(1, 2, 3, 4),
    };

    public async Task<ReminderEntry> Add(ReminderEntry reminder)
    {
        reminder.ETag = await Table.UpsertRow(reminder, Token) ?? throw new InvalidOperationException("Nothing was written.");
        return reminder;
    }

    public static string Text(ReminderEntry reminder) => $"{reminder.GrainId} {reminder.ReminderName} {reminder.StartAt:O} {reminder.Period:c} {reminder.ETag}";
}
