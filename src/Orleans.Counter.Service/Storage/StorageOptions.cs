using System.ComponentModel.DataAnnotations;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>Where counts are stored: a connection string, or the addresses of an account that is reached with the process's own identity.</summary>
internal sealed class StorageOptions : IValidatableObject
{
    public const string Section = "Storage";

    // Without a bound, a cold start under load opens a connection for every row that it reads, until the process may open no more.
    private static readonly HttpClientTransport Transport = new(new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256, UseCookies = false, AllowAutoRedirect = false }));

    /// <summary>Of a storage account or of Azurite. Instead of the addresses.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Such as https://account.table.core.windows.net. With <see cref="BlobServiceUri"/>, instead of a connection string.</summary>
    public Uri? TableServiceUri { get; set; }

    /// <summary>Such as https://account.blob.core.windows.net.</summary>
    public Uri? BlobServiceUri { get; set; }

    /// <summary>How many transactions may be under way at once. More is faster against a distant account, and slower against one that is saturated.</summary>
    [Range(1, 256)]
    public int TransactionsAtOnce { get; set; } = 16;

    /// <summary>How many bytes of segments' footers this process keeps. A video of a day whose footer is kept takes one request instead of up to three; a day of a group takes a kilobyte or more.</summary>
    [Range(1 << 16, 1 << 30)]
    public int SegmentFooterBytesMax { get; set; } = 32 << 20;

    public TableServiceClient Tables(int retries)
    {
        var options = new TableClientOptions { Transport = Transport, Retry = { MaxRetries = retries, Mode = RetryMode.Exponential, NetworkTimeout = TimeSpan.FromSeconds(15) } };
        return ConnectionString is { } connection ? new(connection, options) : new(TableServiceUri, new DefaultAzureCredential(), options);
    }

    /// <summary>For what keeps the silos together: not in a queue with the counts, and answered within seconds or not at all. Orleans asks again.</summary>
    public TableServiceClient Membership()
    {
        var options = new TableClientOptions { Retry = { MaxRetries = 0, NetworkTimeout = TimeSpan.FromSeconds(5) } };
        return ConnectionString is { } connection ? new(connection, options) : new(TableServiceUri, new DefaultAzureCredential(), options);
    }

    public BlobServiceClient Blobs() => ConnectionString is { } connection ? new(connection) : new(BlobServiceUri, new DefaultAzureCredential());

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ConnectionString is null && (TableServiceUri is null || BlobServiceUri is null))
            yield return new("Storage:ConnectionString is missing; or both Storage:TableServiceUri and Storage:BlobServiceUri, for an account reached with a managed identity.");
    }
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
