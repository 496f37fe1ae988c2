using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Counter.Tests.Azure.Clustering;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Reminders;

/// <summary>A silo that is told by configuration alone where its reminders are.</summary>
public sealed class ReminderConfigurationTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ConnectionString")]
    [InlineData("ServiceKey")]
    public async Task A_reminder_rings_and_is_a_row_until_it_is_unregistered(string by)
    {
        var account = await azurite.NewAccount();
        using var silo = Hosts.Silo(
            Hosts.Configuration(
                ("Clustering:ConnectionString", account.ConnectionString),
                ("Reminders:ProviderType", "AzureTableStorage"),
                ($"Reminders:{by}", by is "ServiceKey" ? "tables" : account.ConnectionString)),
            silo => silo.Services.AddKeyedSingleton("tables", account.Tables));
        await silo.StartAsync(Token);
        var key = RemindersUnderTest.NewId();
        var alarm = silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IAlarmGrain>(key);

        await alarm.Set();
        await AlarmGrain.Rings(key).WaitAsync(TimeSpan.FromMinutes(1), Token);
        var row = Assert.Single(await Rows(account));
        await alarm.Unset();

        Assert.Equal(("service", "morning"), (row.GetString("ServiceId"), row.GetString("ReminderName")));
        Assert.EndsWith($"/{key}", row.GetString("GrainReference"), StringComparison.Ordinal);
        Assert.Empty(await Rows(account));
        await silo.StopAsync(Token);
    }

    [Fact]
    public async Task A_silo_without_an_account_for_its_reminders_does_not_start_and_says_what_is_missing()
    {
        var account = await azurite.NewAccount();
        using var silo = Hosts.Silo(Hosts.Configuration(("Clustering:ConnectionString", account.ConnectionString), ("Reminders:ProviderType", "AzureTableStorage")));

        var refused = await Assert.ThrowsAsync<Orleans.Runtime.OrleansConfigurationException>(() => silo.StartAsync(Token));

        Assert.Contains(nameof(AzureTableReminderStorageOptions), refused.Message, StringComparison.Ordinal);
    }

    private static async Task<List<TableEntity>> Rows(StorageAccount account) =>
        await account.Tables.GetTableClient("OrleansReminders").QueryAsync<TableEntity>(cancellationToken: Token).ToListAsync(Token);
}
