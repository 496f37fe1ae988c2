using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Reminders;

namespace Orleans.Hosting;

/// <summary>Keeps reminders in a table in Azure Storage.</summary>
/// <remarks>Names, options, keys and columns are those of the official provider. Reminders belong to the service, and outlive its clusters.</remarks>
public static class AzureStorageReminderSiloBuilderExtensions
{
    /// <summary>Adds reminders, and keeps them in Azure Table storage.</summary>
    public static ISiloBuilder UseAzureTableReminderService(this ISiloBuilder builder, Action<AzureTableReminderStorageOptions> configure) =>
        builder.UseAzureTableReminderService((OptionsBuilder<AzureTableReminderStorageOptions> options) => options.Configure(configure));

    /// <inheritdoc cref="UseAzureTableReminderService(ISiloBuilder, Action{AzureTableReminderStorageOptions})"/>
    public static ISiloBuilder UseAzureTableReminderService(this ISiloBuilder builder, Action<OptionsBuilder<AzureTableReminderStorageOptions>> configureOptions)
    {
        builder.AddReminders();
        configureOptions(builder.Services.AddOptions<AzureTableReminderStorageOptions>());
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IReminderTable, AzureReminderTable>();
        return builder;
    }
}
