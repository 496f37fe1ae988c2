using System.ComponentModel.DataAnnotations;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>Where Event Hubs Capture copies the log to: section <c>Capture</c>, as it is set at the hub. Without a container there are no copies, and a recount reaches as far as the hub's own retention.</summary>
internal sealed class CaptureOptions : IValidatableObject
{
    public const string Section = "Capture";

    /// <summary>The container of the copies.</summary>
    public string? Container { get; set; }

    /// <summary>Of the account that holds it. Left out, with <see cref="BlobServiceUri"/>: that of the counts.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Such as https://account.blob.core.windows.net, instead of a connection string.</summary>
    public Uri? BlobServiceUri { get; set; }

    /// <summary>The name of the Event Hubs namespace: what <c>{Namespace}</c> is in the names of files.</summary>
    public string? Namespace { get; set; }

    /// <summary>The names of files without <c>.avro</c>, with all nine fields in any order.</summary>
    public string NameFormat { get; set; } = "{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}/{Second}";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Container is null && (ConnectionString is not null || BlobServiceUri is not null || Namespace is not null))
            yield return new("Capture:Container is missing: it names the container that Event Hubs Capture writes into.");
        if (Container is not null && string.IsNullOrEmpty(Namespace)) yield return new("Capture:Namespace is missing: the name of the Event Hubs namespace, as it is in the names of captured files.");
        if (ConnectionString is not null && BlobServiceUri is not null) yield return new("Capture:ConnectionString and Capture:BlobServiceUri are both set; they may name different accounts, so set only one.");
        if (CaptureName.Fields.Where(field => !NameFormat.Contains(field, StringComparison.Ordinal)).ToList() is { Count: > 0 } missing)
            yield return new($"Capture:NameFormat '{NameFormat}' lacks {string.Join(", ", missing)}.");
    }

    /// <summary>The container of the copies; null if there is none.</summary>
    public BlobContainerClient? Files(StorageOptions counts) => Container is null ? null
        : (ConnectionString is { } connection ? new(connection) : BlobServiceUri is { } address ? new BlobServiceClient(address, new DefaultAzureCredential()) : counts.Blobs()).GetBlobContainerClient(Container);
}

[OptionsValidator]
internal sealed partial class CaptureOptionsValidator : IValidateOptions<CaptureOptions>;
