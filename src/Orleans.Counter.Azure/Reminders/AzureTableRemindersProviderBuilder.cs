using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Reminders;
using Orleans.Counter.Tables;
using Orleans.Providers;

[assembly: RegisterProvider("AzureTableStorage", "Reminders", "Silo", typeof(AzureTableRemindersProviderBuilder))]

namespace Orleans.Counter.Reminders;

/// <summary>What <c>Orleans:Reminders:ProviderType=AzureTableStorage</c> means.</summary>
internal sealed class AzureTableRemindersProviderBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) => builder.UseAzureTableReminderService(
        (OptionsBuilder<AzureTableReminderStorageOptions> options) => options.Configure<IServiceProvider>((table, services) => table.Configure(configurationSection, services)));
}
