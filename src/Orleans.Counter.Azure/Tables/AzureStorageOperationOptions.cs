using System.Text.RegularExpressions;
using Azure.Data.Tables;

namespace Orleans.Configuration;

/// <summary>Which table of which storage account.</summary>
public abstract partial class AzureStorageOperationOptions
{
    /// <summary>The table's name: three to 63 letters and digits, a letter first. It is made when it does not exist.</summary>
    public abstract string TableName { get; set; }

    /// <summary>The account; made from a connection string, or from its address and a <see cref="global::Azure.Core.TokenCredential"/>.</summary>
    /// <remarks>
    /// Its retries and time-outs are how long one operation may take, and while the storage is away a silo is held up that long: the client's defaults are minutes.
    /// A provider that is configured by <c>Orleans:*:ProviderType</c> gives an attempt five seconds, tries a read three times and a write once.
    /// </remarks>
    public TableServiceClient? TableServiceClient { get; set; }

    /// <exception cref="OrleansConfigurationException">What is missing. Found when a silo is made, which is before Orleans asks its validators.</exception>
    internal TableClient Table()
    {
        if (TableServiceClient is not { } account)
            throw new OrleansConfigurationException($"{GetType().Name}.TableServiceClient is missing; configured by name, it is made from ServiceKey, ConnectionString or ConnectionName.");
        if (!ValidName().IsMatch(TableName))
            throw new OrleansConfigurationException($"{GetType().Name}.TableName is '{TableName}'; a table's name is three to 63 letters and digits, a letter first.");
        return account.GetTableClient(TableName);
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9]{2,62}\z")]
    private static partial Regex ValidName();
}
