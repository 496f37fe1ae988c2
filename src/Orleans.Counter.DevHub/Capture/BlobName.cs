using System.Globalization;

namespace Orleans.Counter.Dev.Capture;

/// <summary>How files are named.</summary>
internal sealed class BlobName
{
    private const int LengthMax = 1024;

    // The longest name of a hub, and of a partition.
    private static readonly int HubExcess = 256 - "{EventHub}".Length;

    private static readonly string[] Fields =
        ["{Namespace}", "{EventHub}", "{PartitionId}", "{Year}", "{Month}", "{Day}", "{Hour}", "{Minute}", "{Second}"];

    private readonly string _format;

    /// <exception cref="ArgumentException">A field is missing, or the result would be no name of a blob.</exception>
    public BlobName(string format, string namespaceName)
    {
        if (Fields.Where(field => !format.Contains(field, StringComparison.Ordinal)).ToList() is { Count: > 0 } missing)
            throw new ArgumentException($"The name format of captured files '{format}' lacks {string.Join(", ", missing)}.", nameof(format));
        if (namespaceName.Length == 0 || namespaceName.Contains('/', StringComparison.Ordinal) || namespaceName.Contains('{', StringComparison.Ordinal))
            throw new ArgumentException($"'{namespaceName}' is not the name of a namespace.", nameof(namespaceName));
        _format = format.Replace("{Namespace}", namespaceName, StringComparison.Ordinal);
        if (format.StartsWith('/') || format.Contains('\\', StringComparison.Ordinal) || _format.Length + HubExcess > LengthMax)
            throw new ArgumentException($"The name format of captured files '{format}' begins with '/', has a '\\', or is too long.", nameof(format));
    }

    public string Of(string hub, int partition, DateTimeOffset time)
    {
        string[] values = [hub, Text(partition, 1), Text(time.Year, 4), Text(time.Month, 2), Text(time.Day, 2), Text(time.Hour, 2), Text(time.Minute, 2),
            Text(time.Second, 2)];
        var name = _format;
        foreach (var (field, value) in Fields.Skip(1).Zip(values))
            name = name.Replace(field, value, StringComparison.Ordinal);
        return name + ".avro";
    }

    private static string Text(int number, int digits) => number.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
}
