using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Orleans.Counter.Tables;

/// <summary>Makes what a configuration section asks for.</summary>
internal static class TableServiceClients
{
    private static readonly TimeSpan AttemptMax = TimeSpan.FromSeconds(5);

    /// <summary>Sets what the section names: <c>TableName</c>, and of the account <c>ServiceKey</c>, <c>ConnectionString</c> or <c>ConnectionName</c>.</summary>
    public static void Configure(this AzureStorageOperationOptions options, IConfigurationSection section, IServiceProvider services)
    {
        if (section["TableName"] is { Length: > 0 } tableName) options.TableName = tableName;
        if (section["ServiceKey"] is { Length: > 0 } key) options.TableServiceClient = services.GetRequiredKeyedService<TableServiceClient>(key);
        else if (ConnectionString(section, services) is { Length: > 0 } connection) options.TableServiceClient = Create(connection);
    }

    /// <summary>A client whose operations end within seconds.</summary>
    /// <param name="connection">A connection string; an address with a signature; or an address alone, for the process's own identity.</param>
    public static TableServiceClient Create(string connection)
    {
        var options = new TableClientOptions { RetryPolicy = new ReadsAgain(), Retry = { NetworkTimeout = AttemptMax } };
        if (!Uri.TryCreate(connection, UriKind.Absolute, out var address)) return new(connection, options);
        return address.Query.Length > 0 ? new(address, options) : new(address, new DefaultAzureCredential(), options);
    }

    private static string? ConnectionString(IConfigurationSection section, IServiceProvider services) => section["ConnectionString"] is { Length: > 0 } connection
        ? connection
        : section["ConnectionName"] is { Length: > 0 } name ? services.GetRequiredService<IConfiguration>().GetConnectionString(name) : null;

    // What became of a write whose answer was lost is not known, and a second one would be refused because of the first. Orleans asks the table instead.
    private sealed class ReadsAgain() : RetryPolicy(maxRetries: 2, DelayStrategy.CreateExponentialDelayStrategy(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1)))
    {
        protected override bool ShouldRetry(HttpMessage message, Exception? exception) => message.Request.Method == RequestMethod.Get && base.ShouldRetry(message, exception);

        protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
            message.Request.Method == RequestMethod.Get ? base.ShouldRetryAsync(message, exception) : new(false);
    }
}
