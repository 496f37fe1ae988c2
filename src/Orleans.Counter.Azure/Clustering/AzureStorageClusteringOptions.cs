namespace Orleans.Configuration;

/// <summary>Where a silo finds the membership of its cluster.</summary>
public sealed class AzureStorageClusteringOptions : AzureStorageOperationOptions
{
    internal const string DefaultTableName = "OrleansSiloInstances";

    /// <inheritdoc/>
    public override string TableName { get; set; } = DefaultTableName;
}

/// <summary>Where a client finds the gateways of its cluster: the table of the silos.</summary>
public sealed class AzureStorageGatewayOptions : AzureStorageOperationOptions
{
    /// <inheritdoc/>
    public override string TableName { get; set; } = AzureStorageClusteringOptions.DefaultTableName;
}
